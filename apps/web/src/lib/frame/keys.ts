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

/** The key that commands are given with: ⌘ where Apple made the keyboard. */
export function commandKey(): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'
}

/** "?" is Shift and the key left of the right Shift, or wherever the layout has it. */
export function isQuestionMark(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  return event.key === '?' || (event.code === 'Slash' && event.shiftKey)
}

/** A single key is a shortcut only where no letter can be meant. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
