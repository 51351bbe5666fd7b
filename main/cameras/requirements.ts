import { AltaProblem } from '../alta/alta-problem.ts'
import type { AltaConfig, AltaReceiver } from '../alta/alta-types.ts'
import { invalidField } from '../rpc/app-error.ts'

/** The receiver in Alta's configuration. Throws ALTA_RECEIVER_MISSING, or ALTA_TOO_OLD where there can be none. */
export function requireReceiver(config: AltaConfig, receiverId: string): AltaReceiver {
  if (!config.receivers) throw new AltaProblem('ALTA_TOO_OLD')
  const receiver = Object.hasOwn(config.receivers, receiverId) ? config.receivers[receiverId] : undefined
  if (!receiver) throw new AltaProblem('ALTA_RECEIVER_MISSING', { detail: `receiver ${receiverId}` })
  return receiver
}

/** Refuses a storage that the server does not have. */
export function requireStorage(config: AltaConfig, storageId: string): void {
  if (!Object.hasOwn(config.ott.archives, storageId))
    throw invalidField(
      'storage.storageId',
      `Alta has no storage ${storageId}. Pick one of the server's storages.`,
    )
}
