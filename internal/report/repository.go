package report

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Repository is the checkout that the files of findings may lie in.
type Repository struct {
	Root   string           // its directory, GITHUB_WORKSPACE; "" when there is none
	URL    string           // its page, https://github.com/acme/shop; "" when unknown
	Commit string           // what is checked out, for links; "" when unknown
	Strip  []*regexp.Regexp // the config's paths.strip, taken off the front of a file
}

// RepositoryOf reads GITHUB_WORKSPACE, GITHUB_SERVER_URL, GITHUB_REPOSITORY and
// GITHUB_SHA from env.
func RepositoryOf(env map[string]string, strip []*regexp.Regexp) Repository {
	repo := Repository{Root: env["GITHUB_WORKSPACE"], Commit: env["GITHUB_SHA"], Strip: strip}
	if server, name := env["GITHUB_SERVER_URL"], env["GITHUB_REPOSITORY"]; server != "" && name != "" {
		repo.URL = strings.TrimRight(server, "/") + "/" + name
	}
	return repo
}

// Path is where file lies below the repository's root, with slashes. It is
// found only where it is relative after Strip, stays inside (also through
// symbolic links) and is a regular file there.
func (repo Repository) Path(file string) (string, bool) {
	file = repo.stripped(file)
	if repo.Root == "" || path.IsAbs(file) || !filepath.IsLocal(filepath.FromSlash(file)) {
		return "", false
	}
	root, err := os.OpenRoot(repo.Root)
	if err != nil {
		return "", false
	}
	defer root.Close()
	info, err := root.Stat(filepath.FromSlash(file))
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	return file, true
}

// stripped is file in its shortest form, without what Strip takes off its front.
func (repo Repository) stripped(file string) string {
	for _, strip := range repo.Strip {
		if at := strip.FindStringIndex(file); at != nil && at[0] == 0 {
			file = file[at[1]:]
		}
	}
	return path.Clean(file)
}

// FileURL is the page of a file of the repository at its commit, at a line
// from 1 (nil: none); "" when the file isn't there or the page isn't known.
func (repo Repository) FileURL(file string, line *int) string {
	name, ok := repo.Path(file)
	if !ok || repo.URL == "" || repo.Commit == "" {
		return ""
	}
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	address := repo.URL + "/blob/" + url.PathEscape(repo.Commit) + "/" + strings.Join(segments, "/")
	if line != nil && *line > 0 {
		address += "#L" + strconv.Itoa(*line)
	}
	return address
}
