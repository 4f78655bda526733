import { createContext } from 'svelte'

/** What the title of the browser's tab shows beside the name of the page. Both are reactive. */
export type TabTitle = { readonly siteName: string; readonly unread: number }

export const [getTabTitle, setTabTitle] = createContext<TabTitle>()
