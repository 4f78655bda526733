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
    calls: 'In a call',
    mic: 'Microphone on and off',
    cam: 'Camera on and off',
    talk: 'Speak while it is held',
    space: 'Space',
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
    calls: 'В звонке',
    mic: 'Микрофон: включить и выключить',
    cam: 'Камера: включить и выключить',
    talk: 'Говорить, пока нажата',
    space: 'Пробел',
    off: 'Клавиши без Ctrl выключены в настройках.',
  },
})

type Word = keyof (typeof keyWords)['en']
type Shortcut = { does: Word; keys: readonly string[]; single?: true }

/** Every shortcut there is. What is not built is not listed. */
export function shortcuts(command: string, space: string): { title: Word; list: Shortcut[] }[] {
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
    {
      title: 'calls',
      list: [
        { does: 'mic', keys: [command, 'D'] },
        { does: 'cam', keys: [command, 'E'] },
        { does: 'talk', keys: [space], single: true },
      ],
    },
  ]
}
