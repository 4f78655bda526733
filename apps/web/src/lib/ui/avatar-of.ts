import type { AvatarId } from '@veche/shared/ids'
import { createContext } from 'svelte'

/** Which avatar a person or a chat has, as far as this device knows them: so every list shows it, whatever rows it reads. Reactive. */
export const [getAvatarOf, setAvatarOf] = createContext<(id: string) => AvatarId | null | undefined>()
