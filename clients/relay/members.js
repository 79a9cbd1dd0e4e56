// Documents as a React application with Relay holds them; only relay-compiler reads them here.
import { graphql } from "relay-runtime";

export const query = graphql`
  query membersPageQuery($count: Int!, $cursor: String, $filter: MemberFilter) {
    ...members_list @arguments(count: $count, cursor: $cursor, filter: $filter)
  }
`;

export const list = graphql`
  fragment members_list on Query
  @refetchable(queryName: "membersListPaginationQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 10 }
    cursor: { type: "String" }
    filter: { type: "MemberFilter" }
  ) {
    members(first: $count, after: $cursor, filter: $filter) @connection(key: "members_list_members") {
      edges {
        node {
          ...members_card
        }
      }
    }
  }
`;

export const card = graphql`
  fragment members_card on Member @refetchable(queryName: "membersCardRefetchQuery") {
    id
    name
    balances {
      kind
      available {
        digits
        scale
      }
    }
  }
`;

export const history = graphql`
  fragment members_history on Member
  @refetchable(queryName: "membersHistoryPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" }) {
    activities(first: $count, after: $cursor) @connection(key: "members_history_activities") {
      edges {
        node {
          id
          type
          occurredAt
        }
      }
    }
  }
`;

export const buy = graphql`
  mutation membersBuyMutation($input: RecordActivityInput!) {
    recordActivity(input: $input) {
      outcome
      member {
        ...members_card
      }
      userErrors {
        path
        code
        message
      }
    }
  }
`;
