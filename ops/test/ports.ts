import { freePorts } from '../bench/installation/free-ports.ts'

/** Settings with free ports, for an installation that runs beside others. */
export async function newPorts() {
  const [port, control, sfu, sfuControl, media, turn] = (await freePorts(6)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    PORT: String(port),
    CONTROL_PORT: String(control),
    SFU_PORT: String(sfu),
    SFU_CONTROL_PORT: String(sfuControl),
    MEDIA_PORT: String(media),
    TURN_PORT: String(turn),
    SFU_WORKERS: '1',
  }
}
