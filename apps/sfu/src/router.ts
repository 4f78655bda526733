import { nothing } from '@veche/shared/schemas/fields'
import {
  acceptsInput,
  connectInput,
  idInput,
  idsInput,
  joinInput,
  produceInput,
  replaceInput,
  restartIceInput,
  updateInput,
  visibleTilesInput,
} from './signalling/inputs.ts'
import { broadcasting, controlProcedure, joinedProcedure, router, socketProcedure } from './trpc.ts'

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

/** What browsers call. docs/lifecycle.md says which frames follow. */
export const sfuRouter = router({
  room: router({
    join: socketProcedure
      .input(joinInput)
      .subscription(({ ctx, input, signal }) => ctx.node.enter(ctx.socket, input, signal)),
    setVisibleTiles: joinedProcedure
      .input(visibleTilesInput)
      .mutation(({ ctx, input }) => ctx.peer.subscriptions.setVisibleTiles(input.tiles)),
    leave: joinedProcedure.input(nothing).mutation(({ ctx }) => ctx.peer.end('left')),
  }),
  transport: router({
    connect: joinedProcedure.input(connectInput).mutation(({ ctx, input }) => ctx.peer.transports.connect(input)),
    restartIce: joinedProcedure.input(restartIceInput).mutation(({ ctx, input }) => ctx.peer.restartIce(input)),
    replace: broadcasting(5)
      .input(replaceInput)
      .mutation(({ ctx, input }) => ctx.peer.replaceTransport(input)),
  }),
  media: router({
    produce: broadcasting()
      .input(produceInput)
      .mutation(({ ctx, input }) => ctx.peer.publications.produce(input)),
    pause: joinedProcedure.input(idInput).mutation(({ ctx, input }) => ctx.peer.publications.pause(input.id)),
    resume: broadcasting()
      .input(idInput)
      .mutation(({ ctx, input }) => ctx.peer.publications.resume(input.id)),
    close: joinedProcedure.input(idInput).mutation(({ ctx, input }) => ctx.peer.publications.close(input.id)),
    ready: joinedProcedure.input(idsInput).mutation(({ ctx, input }) => ctx.peer.subscriptions.setReady(input.ids)),
    requestKeyFrame: joinedProcedure
      .input(idInput)
      .mutation(({ ctx, input }) => ctx.peer.subscriptions.requestKeyFrame(input.id)),
  }),
})

/** What the API calls, on the control port, with the node's key. */
export const controlRouter = router({
  alive: controlProcedure.input(nothing).query(({ ctx }) => ({ node: ctx.node.id, boot: ctx.node.boot })),
  update: controlProcedure.input(updateInput).mutation(({ ctx, input }) => ({ rev: ctx.node.applyUpdate(input) })),
  accepts: controlProcedure
    .input(acceptsInput)
    .query(({ ctx, input }) => ({ accepts: ctx.node.accepts(input.meeting) })),
  probe: controlProcedure.input(nothing).mutation(({ ctx }) => ctx.node.openProbe()),
})

export type SfuRouter = typeof sfuRouter
export type ControlRouter = typeof controlRouter
