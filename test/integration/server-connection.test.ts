import { expect, onTestFinished, test } from 'vitest'
import { createAltaClient } from '../../main/alta/alta-client.ts'
import type { AltaClient } from '../../main/alta/alta-types.ts'
import { LargeAnswers } from '../../main/alta/large-answers.ts'
import { systemClock } from '../../main/platform/clock.ts'
import { openLogger, parseLogFilter } from '../../main/platform/logging.ts'
import type { ServerRow } from '../../main/servers/queries.ts'
import { ServerConnection } from '../../main/servers/server-connection.ts'
import { defaultWatchTimes } from '../../main/servers/server-watch.ts'
import { testAlta } from '../fixtures/desk-with-alta.ts'

const logger = openLogger({ format: 'json', filter: parseLogFilter('error'), write: () => undefined }).for(
  'servers',
)

/** A desk's link to a simulated Alta, which has reported its receivers once. */
async function linkToAlta() {
  const alta = await testAlta()
  const answers = new LargeAnswers()
  onTestFinished(() => answers.stop())
  const connect = (): AltaClient => {
    const account = { serverId: 's1', baseUrl: alta.baseUrl, login: 'admin', password: 'admin' }
    return createAltaClient({ ...account, clock: systemClock, logger, answers })
  }
  const row: ServerRow = {
    id: 's1',
    name: 'Hall',
    baseUrl: alta.baseUrl,
    streamUrl: null,
    login: 'admin',
    passwordSealed: '',
    ticketSecretSealed: '',
    callbackOrigin: null,
    pageOrigins: '[]',
    authorizationMode: 'backend',
    authorizationReason: '',
    whepPath: '/whep',
    viewerAddress: null,
    createdAt: 0,
    streamOrigin: null,
  }
  const connection = new ServerConnection({
    row,
    client: connect(),
    ticketSecret: 'a secret of this test',
    deskId: '3f2a',
    publicUrl: null,
    clock: systemClock,
    logger,
    times: defaultWatchTimes,
    expectedCameras: () => Promise.resolve([]),
    onChanged: () => undefined,
    onPolled: () => undefined,
  })
  onTestFinished(() => connection.stop())
  await connection.pollNow()
  expect([...connection.state.stats.keys()]).toContain('gate-1')
  const known = { config: await connection.client.config({ requestId: 'r1' }), streamOrigin: null }
  return { connection, row, fresh: { client: connect(), known } }
}

// Would catch: Online on the cameras of a new server by what the one at the old address had reported.
test('a server at a new address has reported nothing yet', async () => {
  const { connection, row, fresh } = await linkToAlta()
  connection.adopt({ ...row, baseUrl: 'http://127.0.0.1:9' }, fresh)
  expect([...connection.state.stats.keys()]).toEqual([])
})

// Would catch: every tile of a server that is unknown for seconds because its password was changed.
test('what a server has reported is kept where its account alone changes', async () => {
  const { connection, row, fresh } = await linkToAlta()
  connection.adopt({ ...row, login: 'another' }, fresh)
  expect([...connection.state.stats.keys()]).toContain('gate-1')
})
