"""Operations to begin with, for GraphiQL: what there is, what a member can have, setting one, who downloaded what."""

from __future__ import annotations

from corekit_schema import A_MEMBER, Example

EXAMPLES = (
    Example(
        en="What a member can download",
        zh="会员可下载的文件",
        text="""\
query DocumentsOfMember($member: ID!) {
  member(id: $member) {
    documents(first: 20) {
      nodes {
        document {
          code
          title
          category
        }
        canHave
        reasons {
          code
          message
        }
        versions {
          language
          number
          name
          size
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
""",
        variables={"member": A_MEMBER},
    ),
    Example(
        en="Documents, versions and how often",
        zh="文件、版本与下载次数",
        text="""\
query Documents {
  documents(first: 20) {
    nodes {
      code
      title
      audience
      versions {
        id
        language
        number
        state
        sha256
      }
      downloads
      downloaders
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
""",
    ),
    Example(
        en="Say who may have a document",
        zh="设置文件及其开放条件",
        text="""\
mutation DocumentsSet($input: DocumentsSetInput!) {
  documentsSet(input: $input) {
    code
    audience
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={
            "input": {
                "code": "price-list",
                "titles": {"en": "Price list", "zh": "价目表"},
                "audience": {"any": [{"everybody": True}]},
            }
        },
    ),
    Example(
        en="Who downloaded what",
        zh="下载记录",
        text="""\
query DocumentsDownloads {
  documentsDownloads(first: 20) {
    nodes {
      at
      memberId
      document
      language
      number
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
""",
    ),
)
