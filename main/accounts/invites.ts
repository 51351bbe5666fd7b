import type { Invite } from '../../shared/contract/invites.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { Change } from '../store/change-feed.ts'
import type { AuditRecord, Store } from '../store/store-types.ts'
import { deleteInvite, insertInvite, inviteById, pageOfInvites } from './invites-queries.ts'
import type { InviteRow } from './invites-queries.ts'
import { hashOfCode, newCode } from './one-time-codes.ts'
import { auditRecord, signedInCaller } from '../rpc/request-context.ts'
import type { RequestContext } from '../rpc/request-context.ts'
import { AppError } from '../rpc/app-error.ts'

export interface InvitesOptions {
  readonly store: Store
  readonly clock: Clock
  readonly keyring: Keyring
  /** `PUBLIC_URL`; null: the address by which the administrator reached the desk. */
  readonly publicUrl: string | null
}

const sealedColumn = 'invites.code_sealed'
const hourMs = 3_600_000

declare module '../store/change-feed.ts' {
  interface Changes {
    /** An invite was made, used or withdrawn. */
    readonly 'invites.changed': Record<never, never>
  }
}

/** What a write declares that made, used or withdrew an invite. */
export function invitesChanged(): Change {
  return { name: 'invites.changed', data: {} }
}

/**
 * Invites: codes by which people may register. The code is looked up by its hash and kept sealed, so that an
 * administrator can copy its link again, but nobody who gets hold of the database can use it.
 */
export class Invites {
  readonly #options: InvitesOptions

  constructor(options: InvitesOptions) {
    this.#options = options
  }

  async list(
    context: RequestContext,
    page: number,
    pageSize: number,
  ): Promise<{ items: Invite[]; total: number }> {
    const { store } = this.#options
    const { rows, total } = await store.read((db) => pageOfInvites(db, pageSize, (page - 1) * pageSize))
    return { items: rows.map((row) => this.#view(context, row)), total }
  }

  async create(
    context: RequestContext,
    bounds: { maxUses?: number | null | undefined; expiresInHours?: number | null | undefined },
  ): Promise<Invite> {
    const { store, clock, keyring } = this.#options
    const [id, code, createdAt] = [newId(), newCode(3).replaceAll('-', ''), clock.now()]
    const maxUses = bounds.maxUses ?? null
    const expiresAt = bounds.expiresInHours ? createdAt + bounds.expiresInHours * hourMs : null
    const row: InviteRow = {
      id,
      maxUses,
      uses: 0,
      expiresAt,
      createdAt,
      codeHash: hashOfCode(code),
      codeSealed: keyring.seal(sealedColumn, id, code),
      createdByName: signedInCaller(context).email,
    }
    const audit = auditRecord(context, {
      action: 'invite.made',
      target: targetOf(row, nameOf(row)),
      after: { maxUses, expiresAt },
    })
    await store.write({ audit, changes: [invitesChanged()] }, (tx) => insertInvite(tx, row))
    return this.#view(context, row)
  }

  /** Throws NOT_FOUND. */
  async remove(context: RequestContext, id: string): Promise<void> {
    const { store, keyring } = this.#options
    const audit = (row: InviteRow): AuditRecord => {
      const { maxUses, uses, expiresAt } = row
      const code = keyring.open(sealedColumn, id, row.codeSealed)
      return auditRecord(context, {
        action: 'invite.withdrawn',
        target: targetOf(row, `${nameOf(row)}, ${code.slice(0, 4)}…`),
        before: { maxUses, uses, expiresAt },
      })
    }
    await store.write({ audit, changes: [invitesChanged()] }, async (tx) => {
      const row = await inviteById(tx, id)
      if (!row) throw new AppError('NOT_FOUND')
      await deleteInvite(tx, id)
      return row
    })
  }

  #view(context: RequestContext, row: InviteRow): Invite {
    const { clock, keyring, publicUrl } = this.#options
    const { id, maxUses, uses, expiresAt, createdAt, createdByName: createdBy } = row
    const code = keyring.open(sealedColumn, id, row.codeSealed)
    const origin = publicUrl ?? context.requestOrigin
    const url = origin === null ? null : `${origin}/register?invite=${code}`
    const isUsed = maxUses !== null && uses >= maxUses
    const isExpired = expiresAt !== null && expiresAt <= clock.now()
    const state = isUsed ? 'used' : isExpired ? 'expired' : 'open'
    return { id, code, url, maxUses, uses, expiresAt, state, createdAt, createdBy }
  }
}

function targetOf({ id }: InviteRow, name: string): { kind: string; id: string; name: string } {
  return { kind: 'invite', id, name }
}

/**
 * What the log calls an invite. Nothing of its code while it can be used: with four characters known, the others could be
 * guessed from the hash in a stolen database. Once withdrawn, the beginning tells which one it was.
 */
function nameOf({ maxUses }: InviteRow): string {
  if (maxUses === null) return 'invite for any number of people'
  return maxUses === 1 ? 'invite for 1 person' : `invite for ${maxUses} people`
}
