// A part of the page with its title: it waits, fails and is tried again by itself.
import { QueryErrorResetBoundary } from "@tanstack/react-query";
import { Component, Suspense, useId, type ReactNode } from "react";
import { Refusal } from "../ask.ts";
import { useLanguage } from "../language.tsx";

export function View({ name, title, children }: { name: string; title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={`view ${name}`} aria-labelledby={id} data-view={name}>
      <h2 id={id}>{title}</h2>
      <Guarded>{children}</Guarded>
    </section>
  );
}

/** Shows that it waits, or what went wrong. */
export function Guarded({ children }: { children: ReactNode }) {
  const { language } = useLanguage();
  return (
    <QueryErrorResetBoundary>
      {({ reset }) => (
        <Boundary language={language} reset={reset}>
          <Suspense fallback={<Waiting />}>{children}</Suspense>
        </Boundary>
      )}
    </QueryErrorResetBoundary>
  );
}

function Waiting() {
  const { messages } = useLanguage();
  return (
    <p className="waiting" role="status">
      {messages.loading}
    </p>
  );
}

/** What went wrong, with its code, and a button where trying again can help. */
export function Wrong({ error, again }: { error: Error; again?: (() => void) | undefined }) {
  const { messages } = useLanguage();
  return (
    <div className="wrong" role="alert">
      <p>
        {error.message} {error instanceof Refusal && <code>{error.code}</code>}
      </p>
      {again && (
        <button type="button" onClick={again}>
          {messages.again}
        </button>
      )}
    </div>
  );
}

class Boundary extends Component<{ language: string; reset: () => void; children: ReactNode }, { error: Error | null }> {
  override state = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidUpdate({ language }: { language: string }) {
    if (this.state.error !== null && language !== this.props.language) this.#again();
  }

  #again = () => {
    this.props.reset();
    this.setState({ error: null });
  };

  override render() {
    const { error } = this.state;
    return error === null ? this.props.children : <Wrong error={error} again={this.#again} />;
  }
}
