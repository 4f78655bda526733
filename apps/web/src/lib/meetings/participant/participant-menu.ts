import type { SeatId } from '@veche/shared/ids'
import type { MenuItem } from '#lib/ui/overlay/menu-item.ts'
import type { CallWords } from '../call-words.ts'
import type { CallLayout } from '../layout/CallLayout.svelte.ts'

/** What the user can do with a participant, in the tile and in the list of people. */
export function participantMenu(key: SeatId, layout: CallLayout, t: CallWords): MenuItem[] {
  if (layout.enlarged === key) return [{ label: t.showGrid, onselect: () => layout.enlarge(null) }]
  return [{ label: t.showLarge, onselect: () => layout.enlarge(key) }]
}
