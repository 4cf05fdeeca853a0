package runs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/internal/paths"
	"stylebook/stylelib/request"
)

// MaxName is how many characters a name may have.
const MaxName = 80

// Rename gives a run a name; "" takes it away. The error says if it is too long.
func (s *Store) Rename(id, name string) error {
	name = oneline.Escape(strings.TrimSpace(strings.ToValidUTF8(name, "")))
	if utf8.RuneCountInString(name) > MaxName {
		return fmt.Errorf("a name has %d characters at most", MaxName)
	}
	return s.set("name", name, id)
}

// Delete hides a run, which [Store.Restore] brings back until [Store.Purge] removes it. One that is being computed is a *[BusyError].
func (s *Store) Delete(id string) error {
	if s.locked(id) {
		return &BusyError{id}
	}
	return s.set("deleted", time.Now().UTC().Format(time.RFC3339), id)
}

// Restore brings back a run that was deleted.
func (s *Store) Restore(id string) error { return s.set("deleted", "", id) }

func (s *Store) set(column, value, id string) error {
	result, err := s.db.Exec("update runs set "+column+" = ? where id = ?", value, id)
	if err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return &NoRunError{ID: id}
	}
	return nil
}

// Purge removes, with their folders, the runs that were deleted before a time.
func (s *Store) Purge(before time.Time) error {
	gone, err := s.query("select "+columns+" from runs where deleted <> '' and deleted <= ?", before.UTC().Format(time.RFC3339))
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(s.dir) // whatever the database says, nothing outside goes
	if err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	defer root.Close()
	for _, r := range gone {
		err = errors.Join(err, s.purge(root, r.ID))
	}
	return err
}

func (s *Store) purge(root *os.Root, id string) error {
	if s.locked(id) {
		return nil // somebody has taken it up
	}
	if err := root.RemoveAll(id); err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	tx, err := s.db.Begin()
	if err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	defer tx.Rollback() // does nothing after the commit
	for _, where := range []string{"terms where run", "epochs where run", "runs where id"} {
		if _, err := tx.Exec("delete from "+where+" = ?", id); err != nil {
			return fmt.Errorf("runs: %w", err)
		}
	}
	return tx.Commit()
}

// Page returns up to so many runs after the first skip, the latest first, and how many there are in all. With words it is of those only whose
// ID, name, status or request has them all.
func (s *Store) Page(words string, skip, most int) (page []Summary, all int, err error) {
	rows, err := s.db.Query("select id, name, status, request from runs where deleted = '' order by created desc, id")
	if err != nil {
		return nil, 0, fmt.Errorf("runs: %w", err)
	}
	defer rows.Close()
	var found []any
	for rows.Next() {
		var id, name, status, asked string
		if err := rows.Scan(&id, &name, &status, &asked); err != nil {
			return nil, 0, fmt.Errorf("runs: %w", err)
		}
		if words == "" || matches(words, id+" "+name+" "+status+" "+described(asked)) {
			found = append(found, id)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("runs: %w", err)
	}
	if err := rows.Close(); err != nil { // there is one connection
		return nil, 0, fmt.Errorf("runs: %w", err)
	}
	ids := found[min(skip, len(found)):min(skip+most, len(found))]
	if len(ids) == 0 {
		return nil, len(found), nil
	}
	page, err = s.query("select "+columns+" from runs where id in (?"+strings.Repeat(", ?", len(ids)-1)+") order by created desc, id", ids...)
	return page, len(found), err
}

func matches(words, text string) bool {
	text = strings.ToLower(text)
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(words)), func(word string) bool { return !strings.Contains(text, word) })
}

// described is what a request's row says to who searches.
func described(asked string) string {
	var r request.Request
	if r.UnmarshalJSON([]byte(asked)) != nil {
		return ""
	}
	return r.Described()
}

// ofRole is how the names of pictures begin that a page has taken: by what they are for.
var ofRole = regexp.MustCompile(`^(content|style|colours|init)\d*(-mask\d*)?-`)

// Title is the run's name, else those of its pictures, else its ID.
func (r Summary) Title() string {
	if r.Name != "" {
		return r.Name
	}
	var names []string
	for _, name := range append(r.Names("content"), r.Names("style")...) {
		names = append(names, strings.TrimSuffix(name, filepath.Ext(name)))
	}
	if len(names) == 0 {
		return r.ID
	}
	return strings.Join(names, " × ")
}

// Names are those of the files that the run's request names for an option, as they were before a page took them.
func (r Summary) Names(option string) (names []string) {
	for _, path := range r.Inputs(option) {
		if filepath.Dir(path) == r.Folder {
			path = OwnName(path)
		}
		names = append(names, paths.Base(path))
	}
	return names
}

// OwnName is the name that a picture had before a page took it into the folder of a run.
func OwnName(path string) string { return ofRole.ReplaceAllString(filepath.Base(path), "") }

// Inputs are the files that the run's request names for an option.
func (r Summary) Inputs(option string) []string {
	return request.SplitPaths("", r.Request.Text(option))
}
