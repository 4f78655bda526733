import type { Component } from 'svelte'

export type MenuItem = {
  label: string
  icon?: Component
  danger?: boolean
  disabled?: boolean
  /** When it is given, the item is one of several to choose from. */
  checked?: boolean
  onselect: () => void
}
