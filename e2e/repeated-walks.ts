const chat = ['back', 'chat', 'connection', 'group', 'history', 'hostile-texts', 'keyboard', 'offline', 'public-pages']
const account = ['administration', 'languages', 'settings', 'sign-in']
const file = ['files', 'voice']
const call = ['calls', 'devices', 'meetings', 'relay', 'seats']

/** The walks that `./veche test --long` repeats in another browser. docs/decisions/0016 says what is left out. */
export const repeatedWalks: Record<string, string[]> = {
  firefox: [...chat, ...account, ...file, ...call],
  webkit: [
    'chat',
    'group',
    'history',
    'languages',
    'keyboard',
    'sign-in',
    'administration',
    'settings',
    'back',
    'hostile-texts',
    'public-pages',
  ],
}
