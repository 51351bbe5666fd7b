import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { noticeAuthors, noticeKinds } from '../../../shared/domain/notices.ts'

/**
 * People. `email` and `username` are kept in lower case, so each is unique without regard to case; `version` is in every
 * access token and revokes them when raised.
 */
export const users = sqliteTable('users', {
  id: text('id').primaryKey(),
  email: text('email').notNull().unique(),
  displayName: text('display_name').notNull(),
  /** Empty for who has no password here and signs in by SSO alone. */
  passwordHash: text('password_hash').notNull(),
  admin: integer('admin', { mode: 'boolean' }).notNull(),
  disabled: integer('disabled', { mode: 'boolean' }).notNull(),
  mustChangePassword: integer('must_change_password', { mode: 'boolean' }).notNull(),
  version: integer('version').notNull(),
  createdAt: integer('created_at').notNull(),
  username: text('username').notNull().unique(),
  /** The password is the one that stands in the documentation: until it is changed only this machine may enter. */
  documentedPassword: integer('documented_password', { mode: 'boolean' }).notNull(),
  /** Whether an administrator wrote the address: only then may a first SSO sign-in link to this account by it. */
  emailVouched: integer('email_vouched', { mode: 'boolean' }).notNull().default(true),
  /** SHA-256 of the recovery code; null while none was made. */
  recoveryHash: text('recovery_hash'),
  /** When they last signed in or renewed a sign-in; null before the first time. */
  lastActiveAt: integer('last_active_at'),
})

/** Sign-ins: one row for each refresh token, kept as its SHA-256; rotated tokens share a `family`. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    family: text('family').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    tokenHash: text('token_hash').notNull().unique(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    /** When it was exchanged for its successor; null while it is good. */
    spentAt: integer('spent_at'),
    remoteAddress: text('remote_address').notNull(),
    userAgent: text('user_agent').notNull(),
    /** Begun by way of the single sign-on provider: no password of this desk was needed. */
    bySso: integer('by_sso', { mode: 'boolean' }).notNull().default(false),
    /** When the sign-in began, of which this is one of many tokens: it ends for good a while after. */
    openedAt: integer('opened_at').notNull().default(0),
    /** When its person last proved who they are, to the desk or to the provider; 0 where that is not known. */
    provedAt: integer('proved_at').notNull().default(0),
    /** Whether its cookie once had a name that only this desk, over TLS, could set: the older name is refused then. */
    secureName: integer('secure_name', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [index('sessions_user').on(table.userId), index('sessions_family').on(table.family)],
)

/** Authenticator apps. The secret is sealed with TOTP_ENCRYPTION_KEY or the key ring (sign-in/two-factor.ts). */
export const totpSecrets = sqliteTable('totp_secrets', {
  userId: text('user_id')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  secret: text('secret').notNull(),
  /** When a first code proved that the app has it; null until then, and nobody is asked for a code. */
  confirmedAt: integer('confirmed_at'),
  /** The time step of the last code that was taken: a code works once. */
  lastStep: integer('last_step').notNull(),
})

/** Codes that stand in for the authenticator app, one use each, as SHA-256. */
export const backupCodes = sqliteTable(
  'backup_codes',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    codeHash: text('code_hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
)

/** What people are told on their next page: how they sign in was changed. Deleted when they dismiss it. */
export const notices = sqliteTable(
  'notices',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: noticeKinds }).notNull(),
    at: integer('at').notNull(),
    by: text('by', { enum: noticeAuthors }).notNull(),
    /** The name of the administrator at that time; null where none did it. */
    byName: text('by_name'),
    /** The sign-in that made the change, which is not told; null where it was none of this person. */
    family: text('family'),
    remoteAddress: text('remote_address').notNull(),
  },
  (table) => [index('notices_user').on(table.userId)],
)

/** Failed sign-ins of late, for known and unknown names alike. */
export const signInFailures = sqliteTable('sign_in_failures', {
  /** `name:<SHA-256>` of a name as it was typed, or `user:<id>`; with `recovery:` before it for recovery codes. */
  account: text('account').primaryKey(),
  /** When they failed, oldest first. */
  failedAt: text('failed_at', { mode: 'json' }).$type<number[]>().notNull(),
  /** Null while it is not locked. */
  lockedUntil: integer('locked_until'),
  /** After this the row says nothing any more. */
  forgetAt: integer('forget_at').notNull(),
})

/** Who somebody is at the SSO provider. */
export const oidcIdentities = sqliteTable(
  'oidc_identities',
  {
    issuer: text('issuer').notNull(),
    subject: text('subject').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    linkedAt: integer('linked_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.issuer, table.subject] }),
    index('oidc_identities_user').on(table.userId),
  ],
)
