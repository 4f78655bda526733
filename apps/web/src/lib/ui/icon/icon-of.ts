import type { Component } from 'svelte'
import Icon from './Icon.svelte'

/** An icon says nothing to a screen reader unless it has a role and a label. Its colour is that of the text around it. */
export type IconProps = { size?: number; role?: 'img'; 'aria-label'?: string; 'aria-hidden'?: 'true' }

/** The component that `icons/plugin.ts` makes of every icon of Lucide. The prototype keeps the props reactive. */
export const iconOf =
  (shapes: string): Component<IconProps> =>
  (anchor, props) =>
    Icon(anchor, Object.setPrototypeOf({ shapes }, props) as IconProps & { shapes: string })
