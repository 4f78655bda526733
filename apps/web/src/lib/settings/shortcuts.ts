import type { WordsIn } from '#lib/i18n/words.ts'

type Word = keyof WordsIn<'shortcuts'>
type Shortcut = {
  does: Word
  keys: readonly string[]
  /** One key without Ctrl, which the person may switch off. */
  single?: true
}

/** Every shortcut that works today. */
export function shortcutGroups(command: string, space: string): { title: Word; list: Shortcut[] }[] {
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
