import { isProcedure, Procedure } from '@orpc/server'
import type { AnyProcedure, AnyRouter, Meta, Middleware, ORPCErrorConstructorMap } from '@orpc/server'
import type { ProcedureRules, ResourceKind, RulesMeta } from '../../shared/contract/procedure.ts'
import { roleCovers } from '../../shared/domain/roles.ts'
import type { GroupRole } from '../../shared/domain/roles.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { AuditRecord } from '../store/store-types.ts'
import type { Store } from '../store/store-types.ts'
import { AppError } from './app-error.ts'
import { mapError } from './error-mapper.ts'
import type { ErrorConstructors } from './error-mapper.ts'
import { exactOutput } from './exact-output.ts'
import type { Caller, RequestContext } from './request-context.ts'
import type { Resource } from './resource.ts'

/** The store as the guard uses it: to record refusals, and to see whether an audit record was committed. */
export interface AuditTrackingStore extends Pick<Store, 'write'> {
  /** Whether the transaction that carried this record was committed. */
  wasWritten(record: AuditRecord): boolean
}

export interface GuardOptions {
  /** The kinds of things that the contract names in its access; see `module.ts`. */
  readonly resources: ReadonlyMap<ResourceKind, Resource>
  /** Whether the caller was an administrator until a moment ago. */
  readonly wasAdministratorJustNow: (caller: Caller) => boolean
  readonly store: AuditTrackingStore
  readonly log: AreaLogger
  /**
   * Checks what procedures answer against the contract: a field that it does not name fails. Our own answers are typed
   * already, and checking a page of cameras costs more than making it, so this is for tests.
   */
  readonly checkOutputs: boolean
}

type Nothing = Record<never, never>
type Check = Middleware<RequestContext, Nothing, unknown, unknown, ORPCErrorConstructorMap<Nothing>, Meta>

/**
 * Lays the checks of the contract over a finished router, so that no procedure can be forgotten: the role part of
 * `access` before the input is read, the resource part after it, and at the end whether a procedure that declares an
 * audit action has recorded it. Throws where a procedure states no rules.
 */
export function guardRouter(router: AnyRouter, options: GuardOptions): AnyRouter {
  return guardBranch(router, [], options)
}

function guardBranch(router: AnyRouter, path: readonly string[], options: GuardOptions): AnyRouter {
  if (isProcedure(router)) return guardProcedure(router, path, options)
  const branches = Object.entries(router as Record<string, AnyRouter>)
  return Object.fromEntries(
    branches.map(([name, branch]) => [name, guardBranch(branch, [...path, name], options)]),
  )
}

function guardProcedure(
  procedure: AnyProcedure,
  path: readonly string[],
  options: GuardOptions,
): AnyProcedure {
  const definition = procedure['~orpc']
  const rules = (definition.meta as Partial<RulesMeta>).rules
  if (!rules)
    throw new Error(`The procedure ${path.join('.')} says neither who may call it nor what is audited.`)
  const { middlewares, inputValidationIndex: inputAt, outputValidationIndex: outputAt } = definition
  const inner = [
    ...middlewares.slice(0, inputAt),
    resourcePart(rules, options),
    ...middlewares.slice(inputAt),
  ]
  return new Procedure({
    ...definition,
    outputSchema:
      options.checkOutputs && definition.outputSchema ? exactOutput(definition.outputSchema) : undefined,
    middlewares: [rolePart(rules, options), ...inner],
    inputValidationIndex: inputAt + 1,
    outputValidationIndex: outputAt + (outputAt > inputAt ? 2 : 1),
  })
}

/** Outermost: it also sees every error on its way out. */
function rolePart(rules: ProcedureRules, options: GuardOptions): Check {
  return async ({ context, path, next, errors }) => {
    try {
      const refusal = roleRefusal(rules, context)
      if (refusal) {
        if (refusal.code === 'FORBIDDEN' && !(await wasOvertaken(rules, context, options)))
          await recordRefusal(options, context, path, null)
        throw refusal
      }
      const result = await next()
      requireAudit(rules, context, path, options)
      return result
    } catch (error) {
      // The type of a middleware cannot know which procedure it is laid over; oRPC hands over the constructors of that one.
      throw mapError(error, errors as ErrorConstructors, context, options.log)
    }
  }
}

/**
 * After the input: whether this very camera, group or view is the caller's. What they may not see does not exist (404);
 * where they may see it but not do this, they are told which role it takes (403).
 */
function resourcePart(rules: ProcedureRules, options: GuardOptions): Check {
  const { access } = rules
  if (!('role' in access)) return ({ next }) => next()
  const { kind, role, field, mayBeAbsent } = access
  const resource = options.resources.get(kind)
  if (!resource) throw new Error(`No module keeps resources of the kind ${kind}.`)
  return async ({ context, path, next }, input) => {
    for (const id of idsIn(input, field, mayBeAbsent)) {
      const held = context.caller && (await resource.roleFor(context.caller, id))
      if (held && roleCovers(held, role)) continue
      const name = await resource.nameOf(id)
      // A refusal is recorded only where there was something to refuse.
      if (name !== undefined && !(await wasOvertaken(rules, context, options, { resource, id, role })))
        await recordRefusal(options, context, path, { kind, id, name })
      if (!held) throw new AppError('NOT_FOUND')
      throw new AppError('FORBIDDEN', { message: resource.operatorsOnly })
    }
    return next()
  }
}

/**
 * An open page reads by itself: lists, tiles, what it polls. What it read was the caller's until a moment ago, so it is
 * refused like everything else but not held against them. What changes something is a person's act, and recorded.
 */
async function wasOvertaken(
  { audit }: ProcedureRules,
  { caller }: RequestContext,
  options: GuardOptions,
  asked?: { readonly resource: Resource; readonly id: string; readonly role: GroupRole },
): Promise<boolean> {
  if (!caller || audit !== null) return false
  return asked
    ? asked.resource.hadJustNow(caller, asked.id, asked.role)
    : options.wasAdministratorJustNow(caller)
}

function roleRefusal(
  { access, withoutTotp, withoutOwnPassword }: ProcedureRules,
  { caller }: RequestContext,
): AppError | null {
  if (access.kind === 'anyone') return null
  if (!caller) return new AppError('UNAUTHORIZED')
  if (caller.mustChoosePassword && !withoutOwnPassword) {
    return new AppError('PASSWORD_CHANGE_REQUIRED')
  }
  if (caller.mustSetUpTotp && !withoutTotp) {
    return new AppError('TOTP_SETUP_REQUIRED')
  }
  if (access.kind === 'admin' && !caller.admin) return new AppError('FORBIDDEN')
  return null
}

function idsIn(input: unknown, field: string, mayBeAbsent: boolean): readonly string[] {
  const value = (input as Record<string, unknown>)[field]
  if (mayBeAbsent && (value === undefined || value === null)) return []
  if (typeof value === 'string') return [value]
  if (Array.isArray(value) && value.every((id): id is string => typeof id === 'string')) return value
  throw new Error(`The contract names the input field ${field} in its access, but it holds no id.`)
}

/** A success that should stand in the audit log and does not is a bug, and is not told as a success. */
function requireAudit(
  rules: ProcedureRules,
  context: RequestContext,
  path: readonly string[],
  { store }: GuardOptions,
): void {
  if (rules.audit === null) return
  const due = (record: AuditRecord): boolean =>
    record.action === rules.audit && record.outcome === 'done' && store.wasWritten(record)
  if (context.auditRecords.some(due)) return
  throw new Error(`The procedure ${path.join('.')} succeeded without its audit record ${rules.audit}.`)
}

/** Refusals are recorded in a write of their own, for there is no other to carry them. */
async function recordRefusal(
  { store }: GuardOptions,
  context: RequestContext,
  path: readonly string[],
  target: AuditRecord['target'],
): Promise<void> {
  const audit: AuditRecord = {
    action: 'access.refused',
    actorId: context.caller?.userId ?? null,
    actorName: context.caller?.email ?? 'stranger',
    door: context.door,
    remoteAddress: context.remoteAddress,
    requestId: context.requestId,
    outcome: 'refused',
    target: target ?? { kind: 'procedure', id: null, name: path.join('.') },
    before: null,
    after: { procedure: path.join('.') },
  }
  await store.write({ audit }, () => undefined)
}
