// What graphql-codegen makes of our documents: types, and the manifest of what may be asked.
import type { CodegenConfig } from "@graphql-codegen/cli";
import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

const config: CodegenConfig = {
  schema: [
    { [process.env.COREKIT_URL!]: { headers: { authorization: `Bearer ${process.env.COREKIT_TOKEN}` } } },
  ],
  documents: ["documents/*.graphql"],
  generates: {
    "generated/": {
      preset: "client",
      // Caches know objects by their type, and a document that is named is executed as it was written down.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      presetConfig: {
        persistedDocuments: { hashAlgorithm: "sha256" },
        fragmentMasking: false,
      },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: {
          DateTime: "string",
          Digits: "string",
          JSON: "unknown",
        },
      },
    },
  },
};

export default config;
