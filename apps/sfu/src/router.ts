import { nothing } from '@veche/shared/schemas/fields'
import { connect, join, one, oneTransport, orders, produce, renew, setView, some } from './signalling/inputs.ts'
import { control, open, router, seated, stirring } from './trpc.ts'

export type {
  SubscriptionView,
  EndReason,
  JoinedFrame,
  Level,
  PeerView,
  PublicationView,
  Quality,
  RoomFrame,
  TransportView,
  ViewTile,
} from './signalling/frames.ts'

/** What browsers call: docs/lifecycle.md tells who is told what. */
export const sfuRouter = router({
  room: router({
    join: open.input(join).subscription(({ ctx, input, signal }) => ctx.node.enter(ctx.line, input, signal)),
    setVisibleTiles: seated.input(setView).mutation(({ ctx, input }) => ctx.peer.consuming.see(input.tiles)),
    leave: seated.input(nothing).mutation(({ ctx }) => ctx.peer.end('left')),
  }),
  transport: router({
    connect: seated.input(connect).mutation(({ ctx, input }) => ctx.peer.transports.connect(input)),
    restartIce: seated
      .input(oneTransport)
      .mutation(({ ctx, input }) => ctx.peer.transports.restartIce(input.transportId)),
    replace: stirring(5)
      .input(renew)
      .mutation(({ ctx, input }) => ctx.peer.renew(input.direction)),
  }),
  media: router({
    produce: stirring()
      .input(produce)
      .mutation(({ ctx, input }) => ctx.peer.producing.produce(input)),
    pause: seated.input(one).mutation(({ ctx, input }) => ctx.peer.producing.pause(input.id)),
    resume: stirring()
      .input(one)
      .mutation(({ ctx, input }) => ctx.peer.producing.resume(input.id)),
    close: seated.input(one).mutation(({ ctx, input }) => ctx.peer.producing.close(input.id)),
    ready: seated.input(some).mutation(({ ctx, input }) => ctx.peer.consuming.ready(input.ids)),
    requestKeyFrame: seated.input(one).mutation(({ ctx, input }) => ctx.peer.consuming.refresh(input.id)),
  }),
})

/** What the API calls, on a port of its own with the node's key. */
export const controlRouter = router({
  alive: control.input(nothing).query(({ ctx }) => ({ node: ctx.node.id, boot: ctx.node.boot })),
  update: control.input(orders).mutation(({ ctx, input }) => ({ rev: ctx.node.nudge(input) })),
  probe: control.input(nothing).mutation(({ ctx }) => ctx.node.probe()),
})

export type SfuRouter = typeof sfuRouter
export type ControlRouter = typeof controlRouter
