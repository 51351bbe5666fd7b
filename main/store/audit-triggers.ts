import type { SqliteConnection } from './connection.ts'

/** The triggers that keep the log append-only, as the migration `0004_audit-append-only` makes them. */
export const auditTriggers: Readonly<Record<string, string>> = {
  audit_unchangeable: `CREATE TRIGGER \`audit_unchangeable\` BEFORE UPDATE ON \`audit\` WHEN old.\`hmac\` <> ''
BEGIN
	SELECT RAISE(ABORT, 'The audit log is append-only.');
END`,
  audit_unremovable: `CREATE TRIGGER \`audit_unremovable\` BEFORE DELETE ON \`audit\`
	WHEN old.\`seq\` > coalesce((SELECT cast(\`value\` AS integer) FROM \`desk_values\` WHERE \`key\` = 'audit_anchor'), 0)
BEGIN
	SELECT RAISE(ABORT, 'The audit log is append-only.');
END`,
}

const migration = '0004_audit-append-only'

interface Trigger {
  readonly name: string
  readonly sql: string
}

/**
 * What is wrong with the triggers of a database, in a sentence; null when nothing is. A trigger that is not ours could
 * swallow rows of the log or undo what it records, so any is a finding. A database from before they were made needs none.
 */
export function triggersFinding(connection: SqliteConnection): string | null {
  const found = triggersOf(connection)
  const foreign = found.filter(({ name }) => !Object.hasOwn(auditTriggers, name)).map(({ name }) => name)
  const spoilt = hasThem(connection) ? spoiltNames(found) : []
  const findings = [
    ...(spoilt.length > 0 ? [`The triggers that protect it are missing or altered: ${list(spoilt)}.`] : []),
    ...(foreign.length > 0 ? [`Triggers were added to the database: ${list(foreign)}.`] : []),
  ]
  return findings.length > 0 ? findings.join(' ') : null
}

/** Makes the triggers as they should be and removes any other. In a transaction. */
export function restoreTriggers(connection: SqliteConnection): void {
  for (const { name } of triggersOf(connection))
    connection.exec(`drop trigger "${name.replaceAll('"', '""')}"`)
  for (const sql of Object.values(auditTriggers)) connection.exec(sql)
}

function triggersOf(connection: SqliteConnection): Trigger[] {
  return connection
    .prepare<[], Trigger>(`select name, sql from sqlite_schema where type = 'trigger' order by name`)
    .all()
}

function spoiltNames(found: readonly Trigger[]): string[] {
  return Object.entries(auditTriggers)
    .filter(([name, sql]) => plain(found.find((one) => one.name === name)?.sql ?? '') !== plain(sql))
    .map(([name]) => name)
}

/** Checkouts differ in their line endings, and so did the migration that was run. */
function plain(sql: string): string {
  return sql.replaceAll('\r\n', '\n').trim()
}

function hasThem(connection: SqliteConnection): boolean {
  return (
    connection
      .prepare<[string], { n: number }>('select count(*) as n from applied_migrations where tag = ?')
      .get(migration)?.n !== 0
  )
}

/** Names in a database may be anything: they are cut and their number is limited. */
function list(names: readonly string[]): string {
  return names
    .slice(0, 5)
    .map((name) => name.slice(0, 60))
    .join(', ')
}
