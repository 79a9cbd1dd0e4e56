// The language of the page: that of the address, of the last visit, or of the browser.
import { createContext, use, useEffect, useMemo, useState, useTransition, type ReactNode } from "react";
import { dictionaries, type Language, type Messages } from "./messages.ts";

const KEPT = "corekit:language";

interface Spoken {
  language: Language;
  messages: Messages;
  speak: (language: Language) => void;
}

const Context = createContext<Spoken | null>(null);

export function useLanguage(): Spoken {
  const spoken = use(Context);
  if (spoken === null) throw new Error("useLanguage is for what stands within <LanguageProvider>");
  return spoken;
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(first);
  const [, begin] = useTransition();
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }, [language]);
  const spoken = useMemo(() => {
    const speak = (chosen: Language) => {
      localStorage.setItem(KEPT, chosen);
      begin(() => setLanguage(chosen)); // what is shown stays until the answers in the other language are there
    };
    return { language, messages: dictionaries[language], speak };
  }, [language]);
  return <Context value={spoken}>{children}</Context>;
}

function first(): Language {
  const wanted = new URLSearchParams(location.search).get("language") ?? localStorage.getItem(KEPT) ?? navigator.language;
  return wanted.startsWith("zh") ? "zh" : "en";
}
