import { existsSync, readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createDesk } from './desk.ts'
import type { Desk } from './desk.ts'
import { TokenKeyError } from './sign-in/token-keys.ts'
import { forkChildProcess } from './platform/child-process.ts'
import { systemClock } from './platform/clock.ts'
import { describeConfig } from './platform/config-description.ts'
import { secretsOf } from './platform/config-secrets.ts'
import { ConfigError, loadConfig, makeDataFolder } from './platform/config.ts'
import type { Config, LoadedConfig } from './platform/config.ts'
import { openKeyring } from './platform/desk-keyring.ts'
import { EncryptionKeyMissingError, SealBrokenError } from './platform/keyring.ts'
import { openLogger } from './platform/logging.ts'
import { restoredRecord } from './store/audit-breaks.ts'
import { describeProof } from './store/audit-proof-text.ts'
import { proveAuditOf } from './store/audit-proof.ts'
import { DatabaseOpenError } from './store/store-errors.ts'
import { openStore } from './store/open-store.ts'
import { ListenError } from './transport/http/http-transport.ts'

const help = `Alta Desk without a window.

Usage: alta-desk [command]

  serve          start the desk (also without a command)
  check-config   print the configuration, secrets hidden, and every mistake in it
  verify-audit [--anchor FILE] [DATABASE]
                 prove every row of the audit log, of db.path or of the database named
                 (a copy or a backup), with the encryption keys of the configuration;
                 with --anchor also that it was not cut since the anchors in FILE were
                 written (the anchor file of the desk, or its log); says what does not
                 hold and ends with status 1
  record-restore REASON
                 record in the audit log that a backup of the database was restored, and
                 why; the desk must be stopped
  --help         print this
  --version      print the version

It reads config.yaml in the working directory; environment variables win.`

/** The command line is not understood. */
class UsageError extends Error {}

/** Errors whose message is a sentence for whoever starts the desk; any other is a bug and shows its stack. */
const foreseen = [
  ConfigError,
  DatabaseOpenError,
  EncryptionKeyMissingError,
  SealBrokenError,
  TokenKeyError,
  ListenError,
  UsageError,
]

/** The sources lie one folder below the root, the bundle two. */
const root = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '..' : '../..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

async function main([command = 'serve', ...rest]: string[]): Promise<void> {
  const takesArguments = command === 'verify-audit' || command === 'record-restore'
  if (!takesArguments && rest.length > 0) throw notUnderstood(rest)
  switch (command) {
    case 'serve':
      return serve(readConfig().config)
    case 'check-config':
      return console.log(describeConfig(readConfig()))
    case 'verify-audit':
      return verifyAudit(auditArguments(rest))
    case 'record-restore':
      return recordRestore(rest)
    case '--help':
    case '-h':
    case 'help':
      return console.log(help)
    case '--version':
      return console.log(version)
    default:
      throw new UsageError(`There is no command "${command}". See --help.`)
  }
}

function readConfig(): LoadedConfig {
  return loadConfig({ folder: process.cwd(), variables: process.env, kind: 'headless' })
}

interface AuditArguments {
  readonly database: string | undefined
  readonly anchorFile: string | undefined
}

function auditArguments(args: string[]): AuditArguments {
  const parsed = parsedArguments(args)
  const [database, ...others] = parsed.positionals
  if (others.length > 0) throw notUnderstood(others)
  return { database, anchorFile: parsed.values.anchor }
}

function parsedArguments(args: string[]) {
  try {
    return parseArgs({ args, options: { anchor: { type: 'string' } }, allowPositionals: true })
  } catch {
    throw notUnderstood(args)
  }
}

function notUnderstood(args: readonly string[]): UsageError {
  return new UsageError(`"${args.join(' ')}" is not understood. See --help.`)
}

function verifyAudit({ database, anchorFile }: AuditArguments): void {
  const { config } = readConfig()
  const path = database === undefined ? config.db.path : resolve(database)
  if (anchorFile !== undefined && !statSync(anchorFile, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(`There is no file ${anchorFile}.`)
  const proof = proveAuditOf(path, openKeyring(config), anchorFile ?? null)
  const said = describeProof(proof)
  if (proof.holds) return console.log(said)
  console.error(said)
  process.exitCode = 1
}

/** Whoever can run this has the key of the desk; the row says in the name of which account of the machine. */
async function recordRestore([reason, ...others]: string[]): Promise<void> {
  if (reason === undefined || reason.trim() === '' || others.length > 0)
    throw new UsageError('Say in one argument, in quotes, what was restored and why.')
  const { config } = readConfig()
  if (!existsSync(config.db.path)) throw new UsageError(`There is no database ${config.db.path}.`)
  const logger = openLogger({
    filter: { level: 'error', areas: new Map() },
    format: config.log.format,
    secrets: secretsOf(config),
    write: (line) => console.error(line),
  })
  const [keyring, migrationsFolder] = [openKeyring(config), join(root, 'resources/migrations')]
  const store = openStore({ ...config.db, clock: systemClock, keyring, logger, migrationsFolder })
  const audit = restoredRecord(`${userInfo().username} (terminal)`, reason.trim())
  await store.write({ audit }, () => undefined)
  await store.close()
  console.log('The restore is recorded in the audit log.')
}

async function serve(config: Config): Promise<void> {
  makeDataFolder(config, process.cwd())
  const { level: filter, format } = config.log
  const logger = openLogger({ filter, format, secrets: secretsOf(config) })
  const desk = await createDesk({
    config,
    version,
    headless: true,
    printOnTerminal: (line) => console.log(line),
    logger,
    startChildProcess: forkChildProcess,
    migrationsFolder: join(root, 'resources/migrations'),
    pageFolder: join(root, 'out/renderer'),
  })
  process.on('uncaughtException', (error) => {
    logger.for('desk').error('the desk ends: a mistake of ours was caught nowhere', { error })
    process.exit(1)
  })
  const stopping = stopOnSignals(desk)
  try {
    await desk.start()
  } catch (error) {
    // Somebody ended it before it was ready; the stop is on its way and ends the process.
    if (stopping.aborted) return
    throw error
  }
  if (!stopping.aborted) welcome(desk, config)
}

/** The first signal stops the desk as configured, and aborts what is returned; a second one ends it at once. */
function stopOnSignals(desk: Desk): AbortSignal {
  const stopping = new AbortController()
  const stop = (): void => {
    if (stopping.signal.aborted) process.exit(130)
    stopping.abort()
    desk.stop().then(() => process.exit(0), fail)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return stopping.signal
}

function welcome(desk: Desk, config: Config): void {
  const [address, ...others] = desk.addresses()
  console.log(`Alta Desk ${version} is ready at ${address}`)
  if (desk.setupCode !== null) {
    console.log(
      `Nobody has an account yet. Open that address and make the first administrator with this code: ${desk.setupCode}`,
    )
  } else if (desk.isDefaultPasswordInUse()) {
    console.log(`Sign in as ${config.adminBootstrap.email} with the password admin, and change it.`)
    console.log('Until then only this machine is answered.')
  } else if (others.length > 0) {
    console.log(`Colleagues reach it at ${others.join(', ')}`)
  }
}

function fail(error: unknown): never {
  const isForeseen = error instanceof Error && foreseen.some((kind) => error instanceof kind)
  console.error(isForeseen ? error.message : error)
  process.exit(error instanceof UsageError ? 2 : 1)
}

// What the desk writes, logs and files that libraries make included, is for its own account alone.
process.umask(0o077)
await main(process.argv.slice(2)).catch(fail)
