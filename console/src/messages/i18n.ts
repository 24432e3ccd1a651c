import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import de from './de.json'
import en from './en.json'

export const languages = ['en', 'de'] as const
export type Language = (typeof languages)[number]

const KEPT = 'wardline.language'

/** `?lang=de` in the address (for a wall), else what was chosen on this machine, else the browser's. */
function startLanguage(): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? localStorage.getItem(KEPT) ?? navigator.language
  return languages.find((language) => asked.startsWith(language)) ?? 'en'
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(KEPT, language)
  void i18next.changeLanguage(language)
  document.documentElement.lang = language
}

const first = startLanguage()
document.documentElement.lang = first
void i18next.use(initReactI18next).init({
  lng: first,
  fallbackLng: 'en',
  resources: { en: { translation: en }, de: { translation: de } },
  // React escapes.
  interpolation: { escapeValue: false },
})

export { i18next }
