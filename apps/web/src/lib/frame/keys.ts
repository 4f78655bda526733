import { catalogue } from '#lib/i18n/catalogue.ts'

export const keyWords = catalogue({
  en: {
    title: 'Keyboard shortcuts',
    everywhere: 'Everywhere',
    lists: 'In lists and menus',
    writing: 'When writing',
    showKeys: 'Show these keys',
    search: 'Find a chat',
    back: 'One step back',
    move: 'Move',
    ends: 'First and last',
    open: 'Open',
    send: 'Send',
    line: 'New line',
    off: 'Single-key shortcuts are switched off in the settings.',
  },
  ru: {
    title: 'Сочетания клавиш',
    everywhere: 'Везде',
    lists: 'В списках и меню',
    writing: 'Когда пишете',
    showKeys: 'Показать эти клавиши',
    search: 'Найти чат',
    back: 'На шаг назад',
    move: 'Двигаться',
    ends: 'Первый и последний',
    open: 'Открыть',
    send: 'Отправить',
    line: 'Новая строка',
    off: 'Клавиши без Ctrl выключены в настройках.',
  },
})

type Word = keyof (typeof keyWords)['en']
type Shortcut = { does: Word; keys: readonly string[]; single?: true }

/** Every shortcut there is. What is not built is not listed. */
export function shortcuts(command: string): { title: Word; list: Shortcut[] }[] {
  return [
    {
      title: 'everywhere',
      list: [
        { does: 'showKeys', keys: ['?'], single: true },
        { does: 'search', keys: [command, 'K'] },
        { does: 'back', keys: ['Esc'] },
      ],
    },
    {
      title: 'lists',
      list: [
        { does: 'move', keys: ['↑', '↓'] },
        { does: 'ends', keys: ['Home', 'End'] },
        { does: 'open', keys: ['Enter'] },
      ],
    },
    {
      title: 'writing',
      list: [
        { does: 'send', keys: ['Enter'] },
        { does: 'line', keys: ['Shift', 'Enter'] },
      ],
    },
  ]
}
