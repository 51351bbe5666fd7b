import { computed, shallowRef, watchEffect } from 'vue'
import { readLocal, writeLocal } from './local-memory.ts'

/** What a person chose; `system` follows the operating system. */
export type ThemeChoice = 'dark' | 'light' | 'system'

const storageKey = 'alta-desk.theme'
const systemIsLight = window.matchMedia('(prefers-color-scheme: light)')
const choice = shallowRef<ThemeChoice>(parse(readLocal(storageKey)))
const systemLight = shallowRef(systemIsLight.matches)
systemIsLight.addEventListener('change', (event) => (systemLight.value = event.matches))

/** The theme that is shown now. */
export const theme = computed<'dark' | 'light'>(() => {
  if (choice.value !== 'system') return choice.value
  return systemLight.value ? 'light' : 'dark'
})

/** What the person chose. */
export const themeChoice = computed(() => choice.value)

/** Remembers the choice for this browser. */
export function chooseTheme(next: ThemeChoice): void {
  choice.value = next
  writeLocal(storageKey, next)
}

/** Keeps the page in the chosen theme; theme.js has set it before the first paint. */
export function applyTheme(): void {
  watchEffect(() => {
    document.documentElement.dataset.theme = theme.value
  })
}

function parse(value: string | null): ThemeChoice {
  return value === 'light' || value === 'system' ? value : 'dark'
}
