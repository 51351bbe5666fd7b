import { implement } from '@orpc/server'
import { contract } from '../../shared/contract/contract.ts'
import type { RequestContext } from './request-context.ts'

/**
 * The typed skeleton of the contract that every room's `procedures.ts` fills: `os.cameras.list.handler(...)`.
 * Access is not checked here but by `guardRouter`, over the finished router, where no procedure can be forgotten.
 */
export const os = implement(contract).$context<RequestContext>()
