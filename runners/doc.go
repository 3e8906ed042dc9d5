// Package runners tests what loggate is shipped as: the GitHub Action, under
// nektos/act, and the GitLab component, under gitlab-ci-local, against a
// simulated CodeArts Build; the container and the release. It holds tests only.
//
// A runner is tested where the environment names it (ACT, GITLAB_CI_LOCAL, …),
// as .ci/run and .ci/full do; without, its tests are skipped.
package runners
