import { altaProblems } from '../../shared/domain/alta-problems.ts'
import type { AltaProblemCode } from '../../shared/domain/alta-problems.ts'
import { AltaProblem } from './alta-problem.ts'
import type { AltaClient, AltaConfig, AltaStatus, CallContext } from './alta-types.ts'
import { observerProbeId } from './assumptions.ts'
import { findStreamOrigin, isPortOpen } from './ott.ts'
import { requireAllowedAddress } from './refused-addresses.ts'

/** Securetokens and tickets live a minute: clocks that differ by more make them fail. */
const clockToleranceMs = 60_000
const portTimeoutMs = 2000

/** A trouble that does not keep a server from being added. */
export interface AltaWarning {
  readonly code: AltaProblemCode
  /** The sentence people read. */
  readonly message: string
}

/** What a verification found out. */
export interface Verification {
  readonly config: AltaConfig
  /** Null where this Alta has no `/api/status`. */
  readonly status: AltaStatus | null
  readonly version: string | null
  readonly streamOrigin: string
  readonly clockOffsetMs: number | null
  readonly warnings: readonly AltaWarning[]
}

/** Whether the clocks differ so much that tokens and times in the archive fail. */
export function isClockOff(clockOffsetMs: number | null): boolean {
  return clockOffsetMs !== null && Math.abs(clockOffsetMs) > clockToleranceMs
}

/**
 * Tries everything the desk will need of an Alta, changing nothing on it: login, configuration, writing, receivers, the
 * streaming listener and its port, the clock. Throws the first {@link AltaProblem} that keeps the desk from using it.
 */
export async function verifyServer(
  client: AltaClient,
  call: CallContext,
  options: { readonly deskId: string; readonly streamUrl: string | null },
): Promise<Verification> {
  client.allowLogin()
  await client.login(call)
  const config = await client.config(call)
  if (config.receivers === null) {
    const detail = config.version === null ? '' : `it is build ${config.version}`
    throw new AltaProblem('ALTA_TOO_OLD', { detail })
  }
  // Whoever may only look is refused here; everybody else learns that there is no such thing.
  await client.deleteObject(call, 'authorizers', observerProbeId(options.deskId))
  const streamOrigin = findStreamOrigin(config, client.baseUrl, options.streamUrl)
  if (streamOrigin === null) throw new AltaProblem('ALTA_NO_OTT')
  await requireAllowedAddress(new URL(streamOrigin), 'streamUrl')
  const [status, isOpen] = await Promise.all([
    client.status(call),
    isPortOpen(streamOrigin, portTimeoutMs, call.signal),
  ])
  const { clockOffsetMs } = client.health()
  const found: (AltaProblemCode | false)[] = [
    isClockOff(clockOffsetMs) && 'ALTA_CLOCK_OFF',
    !isOpen && 'ALTA_OTT_CLOSED',
    status?.diskFull === true && 'ALTA_DISK_FULL',
  ]
  const warnings = found
    .filter((code) => code !== false)
    .map((code): AltaWarning => ({ code, message: altaProblems[code] }))
  return { config, status, version: config.version, streamOrigin, clockOffsetMs, warnings }
}
