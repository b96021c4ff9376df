// The decisions that people make, as the API takes them.
import { graphql } from '~/api/__generated__'

export const SetRuleEnabled = graphql(`
  mutation SetRuleEnabled($input: SetRuleEnabledInput!) {
    setRuleEnabled(input: $input) {
      rule { id enabled }
      userErrors { code message field }
    }
  }
`)
export const AddException = graphql(`
  mutation AddException($input: AddRuleExceptionInput!) {
    addRuleException(input: $input) {
      rule { id }
      userErrors { code message field }
    }
  }
`)
export const RemoveException = graphql(`
  mutation RemoveException($input: RemoveRuleExceptionInput!) {
    removeRuleException(input: $input) {
      rule { id }
      userErrors { code message field }
    }
  }
`)
export const ImportRules = graphql(`
  mutation ImportRules($input: ImportRulesInput!) {
    importRules(input: $input) {
      ruleSet { version }
      warnings { code message field line column }
      userErrors { code message field line column }
    }
  }
`)
export const SetCaseState = graphql(`
  mutation SetCaseState($input: SetCaseStateInput!) {
    setCaseState(input: $input) {
      case { id }
      userErrors { code message field }
    }
  }
`)
export const AssignCase = graphql(`
  mutation AssignCase($input: AssignCaseInput!) {
    assignCase(input: $input) {
      case { id }
      userErrors { code message field }
    }
  }
`)
export const CommentCase = graphql(`
  mutation CommentCase($input: CommentCaseInput!) {
    commentCase(input: $input) {
      case { id }
      userErrors { code message field }
    }
  }
`)
export const CreateToken = graphql(`
  mutation CreateToken($input: CreateEnrollmentTokenInput!) {
    createEnrollmentToken(input: $input) {
      token { id label }
      secret
      command
      userErrors { code message field }
    }
  }
`)
export const RevokeToken = graphql(`
  mutation RevokeToken($input: RevokeEnrollmentTokenInput!) {
    revokeEnrollmentToken(input: $input) {
      token { id }
      userErrors { code message field }
    }
  }
`)
export const RemoveNode = graphql(`
  mutation RemoveNode($input: RemoveNodeInput!) {
    removeNode(input: $input) {
      watchedNode { id }
      userErrors { code message field }
    }
  }
`)
export const ResubmitDeadLetters = graphql(`
  mutation ResubmitDeadLetters($input: ResubmitDeadLettersInput!) {
    resubmitDeadLetters(input: $input) {
      deadLetters { id state }
      userErrors { code message field }
    }
  }
`)
export const DismissDeadLetters = graphql(`
  mutation DismissDeadLetters($input: DismissDeadLettersInput!) {
    dismissDeadLetters(input: $input) {
      deadLetters { id state }
      userErrors { code message field }
    }
  }
`)
export const ChangePassword = graphql(`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input) {
      viewer { id }
      userErrors { code message field }
    }
  }
`)
