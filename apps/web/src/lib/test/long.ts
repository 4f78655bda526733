/** `./veche test --long` sets LONG: random tests make all their runs then, and fewer otherwise. */
export const isLong = Boolean(process.env['LONG'])
