import type { AltaConfig, AltaReceiverStatus } from '../alta/alta-types.ts'
import { maskSource } from './addresses.ts'

/** A receiver as the import dialog shows it. */
export interface ReceiverView {
  readonly id: string
  readonly name: string
  readonly source: string
  readonly enabled: boolean
  readonly active: boolean | null
  readonly codec: string | null
  readonly width: number | null
  readonly height: number | null
  readonly fps: number | null
  readonly bitrateKbps: number | null
  readonly cameraId: string | null
  readonly suggestedSubId: string | null
}

/** All receivers of a server; `imported` leads from a receiver to its camera. */
export function receiverViews(
  receivers: NonNullable<AltaConfig['receivers']>,
  stats: ReadonlyMap<string, AltaReceiverStatus>,
  imported: ReadonlyMap<string, string>,
): ReceiverView[] {
  return Object.entries(receivers).map(([id, receiver]) => {
    const seen = stats.get(id)
    const subId = `${id}-sub`
    return {
      id,
      name: receiver.name ?? id,
      source: maskSource(receiver.source ?? ''),
      enabled: receiver.enable !== false,
      active: seen?.active ?? null,
      codec: seen?.codec ?? null,
      width: seen?.width ?? null,
      height: seen?.height ?? null,
      fps: seen?.fps ?? null,
      bitrateKbps: seen?.bitrateKbps ?? null,
      cameraId: imported.get(id) ?? null,
      suggestedSubId: Object.hasOwn(receivers, subId) ? subId : null,
    }
  })
}
