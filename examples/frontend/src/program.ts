// What the whole page needs to know of the program.
import { createContext, use } from "react";

export interface Program {
  name: string;
  timeZone: string;
}

const Context = createContext<Program>({ name: "", timeZone: "UTC" });

export const ProgramProvider = Context;

export function useProgram(): Program {
  return use(Context);
}
