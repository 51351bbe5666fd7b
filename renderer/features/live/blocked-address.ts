import { ref } from 'vue'

/** The address under which this page was opened, while a server blocks it; null where every server lets it read. */
export const blockedAddress = ref<string | null>(null)
