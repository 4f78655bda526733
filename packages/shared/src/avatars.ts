/** An avatar is kept in squares of so many pixels. */
export const avatarSides = [64, 160, 640] as const
export type AvatarSide = (typeof avatarSides)[number]

/** What a device sends at most. It has cut the picture to the largest square before, which is much less. */
export const maxAvatarBytes = 2_000_000
