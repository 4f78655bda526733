/** What the live stream says of itself. away: there is a network, but the server does not answer. */
export type ConnectionStatus = 'online' | 'connecting' | 'offline' | 'away' | 'catching-up'
