import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { Refusal } from "./ask.ts";
import { LanguageProvider } from "./language.tsx";
import { Guarded } from "./parts/view.tsx";
import "./styles.css";

// What was refused is refused again: trying is left to the member.
const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 60_000 } } });

// A refusal that a view shows is no fault of the page.
const onCaughtError = (error: unknown) => error instanceof Refusal || console.error(error);

createRoot(document.getElementById("page")!, { onCaughtError }).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <LanguageProvider>
        <Guarded>
          <App />
        </Guarded>
      </LanguageProvider>
    </QueryClientProvider>
  </StrictMode>,
);
