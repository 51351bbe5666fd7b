// Run by open.test.ts in a process of its own: opens a store, says so, writes on demand, and waits to be killed.
import { systemClock } from '../../../../main/platform/clock.ts'
import { developmentStubKey, Keyring } from '../../../../main/platform/keyring.ts'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import { openStore } from '../../../../main/store/open-store.ts'
import type { SqliteStore } from '../../../../main/store/store.ts'
import { deskValues } from '../../../../main/store/tables/desk.ts'

const [path = ''] = process.argv.slice(2)

function open(): SqliteStore | null {
  try {
    const store = openStore({
      path,
      connectTimeoutMs: 50,
      queryTimeoutMs: 1_000,
      migrationsFolder: `${import.meta.dirname}/../../../../resources/migrations`,
      keyring: new Keyring([developmentStubKey]),
      logger: openLogger({ filter: parseLogFilter('error'), format: 'text' }),
      clock: systemClock,
    })
    process.send?.({ opened: true })
    return store
  } catch (error) {
    process.send?.({ failure: error instanceof Error ? error.name : String(error) })
    return null
  }
}

const store = open()
process.on('message', ({ prefix }: { prefix: string }) => {
  let saved = 0
  setInterval(async () => {
    await store?.write({ audit: null }, (tx) =>
      tx.insert(deskValues).values({ key: `${prefix}${saved}`, value: 'x' }),
    )
    process.send?.({ saved })
    saved += 1
  }, 1)
})
