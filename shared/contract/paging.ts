import { z } from 'zod'

/** Sizes the lists of the interface offer; the API takes any size up to the largest. */
export const pageSizes = [10, 25, 50, 100] as const

/** What every list takes: pages count from 1. */
export const pageInput = z.object({
  search: z.string().max(200).optional(),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(25),
})
