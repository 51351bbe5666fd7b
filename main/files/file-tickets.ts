import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { Caller } from '../rpc/request-context.ts'
import type { Store } from '../store/store-types.ts'
import { nameInAddress } from './file-names.ts'
import { insertTicket, ticketedFile } from './queries.ts'
import type { FileRow } from './queries.ts'

/** Who was given a ticket, and with which sign-in. */
export type TicketHolder = Pick<Caller, 'userId' | 'admin' | 'family'>

export interface FileTicketsOptions {
  readonly store: Store
  readonly clock: Clock
  /** Whether somebody would still be let in: the sign-in lives, and they are what they were. */
  readonly isStillIn: (holder: TicketHolder) => Promise<boolean>
}

const ticketPath = /^\/files\/([\w-]{43})\/([\w.-]{1,100})$/
const longestPath = 200

/**
 * Secret addresses of files: a browser saves a file only from an address, with which it sends no access token. A ticket
 * is good as long as its file is kept and the sign-in lives that asked for it, so that a download that broke off can go on.
 */
export class FileTickets {
  readonly #options: FileTicketsOptions

  constructor(options: FileTicketsOptions) {
    this.#options = options
  }

  /** `url` is a path of the desk; `expiresAt`, in milliseconds since the epoch, is when the file goes. */
  async issue(
    file: FileRow,
    { userId, admin, family }: TicketHolder,
  ): Promise<{ readonly url: string; readonly expiresAt: number }> {
    const secret = randomBytes(32).toString('base64url')
    const row = { secretHash: hashOf(secret), fileId: file.id, userId, admin, family }
    await this.#options.store.write({ audit: null }, (tx) => insertTicket(tx, row))
    return { url: `/files/${secret}/${nameInAddress(file.name)}`, expiresAt: file.expiresAt }
  }

  /** The file at this path, and who may have it; null where there is none (any more). */
  async find(path: string): Promise<{ readonly file: FileRow; readonly holder: TicketHolder } | null> {
    if (path.length > longestPath) return null
    const [, secret = '', name] = ticketPath.exec(path) ?? []
    if (secret === '') return null
    const { store, clock, isStillIn } = this.#options
    const found = await store.read((db) => ticketedFile(db, hashOf(secret), clock.now()))
    if (!found || nameInAddress(found.file.name) !== name) return null
    const { file, ticket: holder } = found
    return (await isStillIn(holder)) ? { file, holder } : null
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
