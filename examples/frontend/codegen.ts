// What graphql-codegen makes of the documents in the views: a type for each, and of every fragment; and the manifest by
// which a server knows them.
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../schema/tests/snapshots/all.graphql", // elsewhere: what `corekit schema print` prints
  documents: ["src/**/*.{ts,tsx}", "!src/generated/**"],
  generates: {
    "src/generated/": {
      preset: "client",
      presetConfig: {
        fragmentMasking: { unmaskFunctionName: "read" },
        persistedDocuments: { hashAlgorithm: "sha256" },
      },
      config: {
        documentMode: "string",
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { DateTime: "string", Digits: "string", JSON: "unknown" },
      },
    },
  },
};

export default config;
