import type { PasswordCost } from './accounts/passwords.ts'
import type { RecordingTimes } from './cameras/recording-watch.ts'
import type { Core, Module } from './module.ts'
import type { StartChildProcess } from './platform/child-process.ts'
import type { Config } from './platform/config.ts'
import type { Logger } from './platform/logging.ts'
import type { Store } from './store/store-types.ts'
import type { SignInVault } from './transport/ipc.ts'

/** What a desk is built with: its configuration, and what differs between a window, a server and a test. */
export interface DeskOptions {
  readonly config: Config
  readonly logger: Logger
  readonly version: string
  readonly headless: boolean
  /** How processes beside the desk are started: Node's fork, or Electron's utility process. */
  readonly startChildProcess: StartChildProcess
  readonly migrationsFolder: string
  /** The folder of the built page (out/renderer). */
  readonly pageFolder: string
  /** Cheaper hashes, for tests alone. */
  readonly passwordCost?: PasswordCost
  /** How often servers are asked what they record, for tests alone. */
  readonly recordingTimes?: RecordingTimes
  /** Where a headless desk prints codes for the person at its terminal. */
  readonly printOnTerminal?: (line: string) => void
  /** How a desktop opens the system browser. */
  readonly openInBrowser?: (url: string) => void
  /** Where a desktop keeps a sign-in between two runs. */
  readonly signInVault?: SignInVault
  /** Wraps the store that the modules get, for tests: to let writes wait for each other. */
  readonly aroundStore?: (store: Store) => Store
  /** Modules besides those of the product, for tests: what a new one must bring, and nothing else. */
  readonly openMore?: (core: Core) => readonly Module[]
  /** Holds every answer against the contract, for tests: the types do that before anything runs. */
  readonly checkOutputs?: boolean
}
