import { parseArgs } from 'node:util'
import { startControl } from './control.ts'
import { demoScenario, scenarioOptions } from './scenario.ts'
import type { PictureSize } from './scenario.ts'
import { startAltaServer } from './start-alta-server.ts'
import type { AltaServerHandle } from './start-alta-server.ts'

const HELP = `Simulator of Cesbo Alta: management API, HLS, WHEP, real H.264 with a burnt-in clock.

  node test/alta-simulator/cli.ts [options]

  --servers <n>           how many servers (1)
  --name <text>           name of the server; several are numbered (Demo)
  --cameras <n>           cameras of each server, each with a main and a sub stream (6)
  --size <WxH>            main stream (1280x720)
  --sub-size <WxH>        sub stream (640x360)
  --fps <n>               frames a second (25)
  --audio, --no-audio     sound on the first camera (on)
  --h265                  one more camera whose main stream is H.265
  --status-receivers <n>  receivers that only report figures (0)
  --publish               public channels cam/<id>, for clients that bring none of their own
  --record                with --publish: record them
  --always-encode         encode everything from the start, not on the first viewer
  --segment-seconds <n>   length of an HLS segment (1; Alta's own default is 4)
  --login <text>          login of the administrator (admin)
  --password <text>       its password (admin)
  --allow-origin <origin> a page that may read streams; may be repeated
  --host <address>        address to listen on (127.0.0.1)
  --api-port <n>          management port of the first server; others count up by 10 (8100)
  --ott-port <n>          streaming port of the first server; others count up by 10 (8200)
  --control-port <n>      port of the control listener, loopback only (8199)
  --tls                   serve by TLS with a certificate that nobody trusts
  --ffmpeg <path>         ffmpeg to use
  --json                  print one line of JSON when ready
  --exit-with-parent      end when the process that started this one has gone
  --help                  this text

Port 0 picks a free one. Faults: GET / on the control listener lists them; README.md shows how.
`

const PARENT_CHECK_MS = 1000

function readArguments(): ReturnType<typeof parse> {
  try {
    return parse()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nTry --help.\n`)
    process.exit(2)
  }
}

function parse() {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      servers: { type: 'string', default: '1' },
      name: { type: 'string', default: demoScenario.name },
      cameras: { type: 'string', default: String(demoScenario.cameras) },
      size: { type: 'string', default: '1280x720' },
      'sub-size': { type: 'string', default: '640x360' },
      fps: { type: 'string', default: '25' },
      audio: { type: 'boolean', default: true },
      h265: { type: 'boolean', default: false },
      'status-receivers': { type: 'string', default: '0' },
      publish: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      'always-encode': { type: 'boolean', default: false },
      'segment-seconds': { type: 'string', default: '1' },
      login: { type: 'string', default: 'admin' },
      password: { type: 'string', default: 'admin' },
      'allow-origin': { type: 'string', multiple: true, default: [] },
      host: { type: 'string', default: '127.0.0.1' },
      'api-port': { type: 'string', default: '8100' },
      'ott-port': { type: 'string', default: '8200' },
      'control-port': { type: 'string', default: '8199' },
      tls: { type: 'boolean', default: false },
      ffmpeg: { type: 'string' },
      json: { type: 'boolean', default: false },
      'exit-with-parent': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    ...values,
    servers: wholeNumber(values.servers, 'servers'),
    cameras: wholeNumber(values.cameras, 'cameras'),
    fps: wholeNumber(values.fps, 'fps'),
    statusReceivers: wholeNumber(values['status-receivers'], 'status-receivers'),
    segmentSeconds: wholeNumber(values['segment-seconds'], 'segment-seconds'),
    apiPort: wholeNumber(values['api-port'], 'api-port'),
    ottPort: wholeNumber(values['ott-port'], 'ott-port'),
    controlPort: wholeNumber(values['control-port'], 'control-port'),
    main: pictureSize(values.size, 'size'),
    sub: pictureSize(values['sub-size'], 'sub-size'),
  }
}

function wholeNumber(text: string, option: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${option} must be a whole number, not "${text}"`)
  return Number(text)
}

function pictureSize(text: string, option: string): PictureSize {
  const match = /^(\d+)x(\d+)$/.exec(text)
  const width = Number(match?.[1])
  const height = Number(match?.[2])
  // 4:2:0 video has even sides.
  if (!match || width % 2 === 1 || height % 2 === 1) {
    throw new Error(`--${option} must be like 1280x720 with even numbers, not "${text}"`)
  }
  return { width, height }
}

type Arguments = ReturnType<typeof parse>

async function startServers(values: Arguments): Promise<AltaServerHandle[]> {
  const servers: AltaServerHandle[] = []
  for (let index = 0; index < values.servers; index += 1) {
    const options = scenarioOptions({
      name: values.servers === 1 ? values.name : `${values.name} ${index + 1}`,
      cameras: values.cameras,
      main: values.main,
      sub: values.sub,
      fps: values.fps,
      audio: values.audio,
      h265: values.h265,
      statusReceivers: values.statusReceivers,
      publish: values.publish,
      record: values.record,
    })
    servers.push(
      await startAltaServer({
        ...options,
        login: values.login,
        password: values.password,
        host: values.host,
        apiPort: values.apiPort === 0 ? 0 : values.apiPort + index * 10,
        ottPort: values.ottPort === 0 ? 0 : values.ottPort + index * 10,
        segmentSeconds: values.segmentSeconds,
        alwaysEncode: values['always-encode'],
        allowOrigin: values['allow-origin'],
        tls: values.tls,
        ffmpegPath: values.ffmpeg,
      }),
    )
  }
  return servers
}

function announce(values: Arguments, servers: readonly AltaServerHandle[], controlUrl: string): void {
  const { login, password } = values
  if (values.json) {
    const list = servers.map(({ name, baseUrl, ottUrl }) => ({ name, baseUrl, ottUrl, login, password }))
    process.stdout.write(`${JSON.stringify({ servers: list, controlUrl })}\n`)
    return
  }
  for (const { name, baseUrl, ottUrl, config } of servers) {
    process.stdout.write(`${name}: management ${baseUrl} (${login} / ${password}), streaming ${ottUrl}\n`)
    for (const channel of Object.keys(config.ott.channels)) {
      process.stdout.write(`  ${ottUrl}/${channel}/index.m3u8   ${ottUrl}/${channel}/whep\n`)
    }
  }
  process.stdout.write(`control: ${controlUrl}\nCtrl+C ends it.\n`)
}

async function main(): Promise<void> {
  const values = readArguments()
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const servers = await startServers(values)
  const control = await startControl(servers, values.controlPort)
  let stopping = false
  const stop = async (): Promise<void> => {
    // A second Ctrl+C ends at once; ffmpeg dies with us either way.
    if (stopping) process.exit(1)
    stopping = true
    await control.stop()
    await Promise.all(servers.map((server) => server.dispose()))
    process.exit(0)
  }
  process.on('SIGINT', () => void stop())
  process.on('SIGTERM', () => void stop())
  if (values['exit-with-parent']) {
    const parent = process.ppid
    setInterval(() => {
      if (process.ppid !== parent) void stop()
    }, PARENT_CHECK_MS)
  }
  announce(values, servers, control.url)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
