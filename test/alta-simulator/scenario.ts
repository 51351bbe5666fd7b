import type { AltaServerOptions, ReceiverOptions } from './options.ts'

/** Width and height in pixels. */
export interface PictureSize {
  width: number
  height: number
}

/** A server full of cameras. */
export interface Scenario {
  name: string
  cameras: number
  main: PictureSize
  sub: PictureSize
  fps: number
  /** Sound on the first camera. */
  audio: boolean
  /** One more camera whose main stream is H.265. */
  h265: boolean
  /** So many receivers that report figures and carry no picture. */
  statusReceivers: number
  /** Public channels `cam/<id>` for other clients; recorded when `record` is set. */
  publish: boolean
  record: boolean
}

const PLACES = ['Gate', 'Lobby', 'Car park', 'Loading bay', 'Corridor', 'Server room']

/** What `npm run demo` shows: one server, six cameras with a main and a sub stream, one storage. */
export const demoScenario: Scenario = {
  name: 'Demo',
  cameras: PLACES.length,
  main: { width: 1280, height: 720 },
  sub: { width: 640, height: 360 },
  fps: 25,
  audio: true,
  h265: false,
  statusReceivers: 0,
  publish: false,
  record: false,
}

/** `Car park` becomes `car-park`; from the seventh camera on names are numbered. */
function placeOf(index: number): { id: string; name: string } {
  const round = Math.floor(index / PLACES.length)
  const place = PLACES[index % PLACES.length] ?? 'Camera'
  const name = round === 0 ? place : `${place} ${round + 1}`
  return { id: name.toLowerCase().replaceAll(' ', '-'), name }
}

function receiversOf(scenario: Scenario): ReceiverOptions[] {
  const { main, sub, fps } = scenario
  const pair = (id: string, name: string, extra: Partial<ReceiverOptions>): ReceiverOptions[] => [
    { id, name, ...main, fps, ...extra },
    { id: `${id}-sub`, name: `${name} (sub)`, ...sub, fps, ...extra, codec: 'h264' },
  ]
  const cameras = Array.from({ length: scenario.cameras }, (_, index) => {
    const { id, name } = placeOf(index)
    return pair(id, name, { audio: scenario.audio && index === 0 })
  })
  const h265 = scenario.h265 ? pair('roof', 'Roof (H.265)', { codec: 'h265' }) : []
  const status = Array.from({ length: scenario.statusReceivers }, (_, index): ReceiverOptions => ({
    id: `status-${index + 1}`,
    name: `Status ${index + 1}`,
    kind: 'status',
    width: 1920,
    height: 1080,
    fps,
  }))
  return [...cameras.flat(), ...h265, ...status]
}

/** The options that start the scenario's server. */
export function scenarioOptions(scenario: Scenario): AltaServerOptions {
  const receivers = receiversOf(scenario)
  const mains = receivers.filter(({ id, kind }) => !id.endsWith('-sub') && kind !== 'status')
  const channels = mains.map(({ id, name }) => [
    `cam/${id}`,
    {
      enable: true,
      name,
      ...(scenario.record ? { archive: 'main' } : {}),
      variants: { main: { receiver: id }, sub: { receiver: `${id}-sub` } },
    },
  ])
  return {
    name: scenario.name,
    receivers,
    archives: { main: { duration: 168, local: { locations: ['/opt/archive'] } } },
    channels: scenario.publish ? Object.fromEntries(channels) : {},
  }
}
