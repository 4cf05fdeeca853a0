package runs

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/request"

	_ "modernc.org/sqlite" // registers "sqlite"
)

// EnvDir names the environment variable that says where runs are kept.
const EnvDir = "STYLEBOOK_RUNS"

// Status is how a run stands.
type Status string

const (
	Running  Status = "running"
	Stopped  Status = "stopped" // interrupted, or its process died: it can be resumed
	Finished Status = "finished"
	Failed   Status = "failed"
	Damaged  Status = "damaged" // its row can't be read
)

// Summary is what the database tells of a run.
type Summary struct {
	ID        string            `json:"id"`
	Key       string            `json:"key"`
	Spec      Spec              `json:"spec"`
	Request   request.Request   `json:"request"` // what was asked for; nil if a program or a notebook began the run
	Versions  map[string]string `json:"versions"`
	Created   time.Time         `json:"created"`
	Status    Status            `json:"status"`
	Epoch     int               `json:"epoch"`      // epochs done, as far as they are saved
	Last      sl.Record         `json:"last"`       // losses of that epoch
	Seconds   float64           `json:"seconds"`    // computed, over all sittings
	PeakBytes int64             `json:"peak_bytes"` // of the process, the most over all sittings; 0 where the system doesn't tell
	Error     string            `json:"error,omitempty"`
	Name      string            `json:"name,omitempty"` // that somebody gave it
	Folder    string            `json:"folder"`

	deleted bool // its folder is still there
}

// Picture is the path of the run's result; it is there once the run is finished. That of a run that was stopped is the picture so far.
func (r Summary) Picture() string { return filepath.Join(r.Folder, pictureName) }

// Film is the folder of pictures of the training, as far as they are kept: see film.Recorder.
func (r Summary) Film() string { return filepath.Join(r.Folder, "film") }

// TermNames returns the names of the losses that some runs have, in the order in which they come.
func TermNames(records ...Summary) (names []string) {
	for _, r := range records {
		for _, l := range r.Last.Losses {
			if !slices.Contains(names, l.Name) {
				names = append(names, l.Name)
			}
		}
	}
	return names
}

const (
	databaseName   = "runs.sqlite"
	pictureName    = "picture.png"
	checkpointName = "checkpoint.safetensors"
	lockName       = "lock"
)

// Store is a folder of runs with its database. Several processes may use it at once. Close it when done.
type Store struct {
	dir string
	db  *sql.DB
}

// DefaultDir returns the folder that STYLEBOOK_RUNS names, else stylebook/runs in the user's data folder:
// $XDG_DATA_HOME, on Windows else %LOCALAPPDATA%, else ~/.local/share.
func DefaultDir() (string, error) {
	if dir := os.Getenv(EnvDir); dir != "" {
		return dir, nil
	}
	data := os.Getenv("XDG_DATA_HOME")
	if data == "" && runtime.GOOS == "windows" {
		data = os.Getenv("LOCALAPPDATA")
	}
	if data != "" {
		return filepath.Join(data, "stylebook", "runs"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no folder for runs: %w: set %s", err, EnvDir)
	}
	return filepath.Join(home, ".local", "share", "stylebook", "runs"), nil
}

// schemaVersion is the database's user_version. Version 2 had no names, version 1 the command's words where the request is now; version
// 0 is not read any more.
const schemaVersion = 3

const schema = `
create table if not exists runs (
	id text primary key, key text not null, created text not null, status text not null,
	height integer, width integer, engine text, spec text not null, request text not null, versions text not null,
	epoch integer not null default 0, epochs integer not null,
	seconds real not null default 0, peak_bytes integer not null default 0, error text not null default '',
	name text not null default '', deleted text not null default '');
create index if not exists runs_by_key on runs (key);
create table if not exists epochs (
	run text not null references runs (id), epoch integer not null, total real not null, lr real not null, seconds real not null,
	primary key (run, epoch)) without rowid;
create table if not exists terms (
	run text not null references runs (id), epoch integer not null, place integer not null, term text not null, value real not null,
	primary key (run, epoch, place)) without rowid;`

// Open opens the store in a folder, which it makes if need be.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	if info, err := os.Stat(filepath.Join(dir, databaseName)); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("runs: %s in %s is no file", databaseName, dir)
	}
	// The rollback journal works wherever locks do, on network drives too; that of write-ahead logging does not.
	query := url.Values{"_pragma": {"busy_timeout(60000)", "journal_mode(delete)", "foreign_keys(1)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", databaseURL(filepath.ToSlash(filepath.Join(dir, databaseName)), query))
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	db.SetMaxOpenConns(1)
	if err := prepare(db); err != nil {
		db.Close()
		return nil, fmt.Errorf("runs: the database in %s can't be used: %w", dir, err)
	}
	return &Store{dir: dir, db: db}, nil
}

// databaseURL is how SQLite is told a file, by its absolute path with slashes: C:/runs has one more before it.
func databaseURL(path string, query url.Values) string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// prepare makes the tables, or brings those of an earlier version to this one. Where there is nothing to do it takes no lock.
func prepare(db *sql.DB) error {
	var version, tables int
	if err := db.QueryRow("pragma user_version").Scan(&version); err != nil {
		return err
	}
	if version == schemaVersion {
		return checkTables(db)
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if err := tx.QueryRow("pragma user_version").Scan(&version); err != nil || version == schemaVersion {
		return err // another process was faster
	}
	if err := tx.QueryRow("select count(*) from sqlite_master").Scan(&tables); err != nil {
		return err
	}
	switch {
	case version > schemaVersion:
		return fmt.Errorf("it has version %d: it is of a later stylebook", version)
	case version == 0 && tables > 0:
		return errors.New("it has version 0, which is not read any more: choose another folder for runs")
	case version == 0:
		_, err = tx.Exec(schema)
	default:
		err = migrate(tx, version)
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(fmt.Sprintf("pragma user_version = %d", schemaVersion)); err != nil {
		return err
	}
	return tx.Commit()
}

// checkTables looks whether the tables are those of this version.
func checkTables(db *sql.DB) error {
	for _, columns := range []string{columns + " from runs", "run, epoch, total, lr, seconds from epochs", "run, epoch, place, term, value from terms"} {
		rows, err := db.Query("select " + columns + " limit 0")
		if err != nil {
			return fmt.Errorf("it is damaged, or of another program: %w", err)
		}
		rows.Close()
	}
	return nil
}

// migrate brings tables of an earlier version to this one.
func migrate(tx *sql.Tx, version int) error {
	if version == 1 {
		if err := renameWords(tx); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`alter table runs add column name text not null default '';
		alter table runs add column deleted text not null default ''`)
	return err
}

// renameWords makes requests of the words of version 1.
func renameWords(tx *sql.Tx) error {
	if _, err := tx.Exec("alter table runs rename column arguments to request"); err != nil {
		return err
	}
	rows, err := tx.Query("select id, request from runs")
	if err != nil {
		return err
	}
	defer rows.Close()
	requests := map[string]request.Request{}
	for rows.Next() {
		var id, text string
		var words []string
		err := rows.Scan(&id, &text)
		if err == nil {
			err = json.Unmarshal([]byte(text), &words)
		}
		if err == nil {
			requests[id], err = request.FromWords(words)
		}
		if err != nil {
			return fmt.Errorf("the row of %s: %w", id, err)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for id, asked := range requests {
		text, err := json.Marshal(asked)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("update runs set request = ? where id = ?", string(text), id); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Owns says whether a path is, or would be, the store's database or in the folder of a run.
func (s *Store) Owns(path string) bool {
	same := func(folder string) bool {
		here, err := os.Stat(s.dir)
		there, statErr := os.Stat(folder)
		return errors.Join(err, statErr) == nil && os.SameFile(here, there)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	folder := filepath.Dir(path)
	_, err := os.Stat(filepath.Join(folder, lockName))
	return same(folder) && strings.HasPrefix(filepath.Base(path), databaseName) || err == nil && same(filepath.Join(folder, ".."))
}

// Dir is the store's folder.
func (s *Store) Dir() string { return s.dir }

// NoRunError reports a run that the store does not have, or not only one of.
type NoRunError struct {
	ID    string
	Found []string // runs that the ID may mean
}

func (e *NoRunError) Error() string {
	if len(e.Found) > 0 {
		return fmt.Sprintf("%q may mean any of the runs %s: give more of it", e.ID, strings.Join(e.Found, ", "))
	}
	return fmt.Sprintf("there is no run %q: stylize runs lists them", e.ID)
}

const columns = "id, key, created, status, spec, request, versions, epoch, seconds, peak_bytes, error, name, deleted"

// List returns all runs that are not deleted, the latest first.
func (s *Store) List() ([]Summary, error) {
	return s.query("select " + columns + " from runs where deleted = '' order by created desc, id")
}

// Find returns the run with an ID, which may be cut short as long as only one run begins so. None is a *[NoRunError], and so is one
// that is deleted.
func (s *Store) Find(id string) (Summary, error) {
	found, err := s.query("select "+columns+" from runs where deleted = '' and substr(id, 1, length(?1)) = ?1 order by id", id)
	if err != nil {
		return Summary{}, err
	}
	missing := &NoRunError{ID: id}
	for _, r := range found {
		if r.ID == id || (len(found) == 1 && id != "") {
			return r, r.damage()
		}
		missing.Found = append(missing.Found, r.ID)
	}
	return Summary{}, missing
}

// get returns the run with exactly this ID. None is a *[NoRunError].
func (s *Store) get(id string) (Summary, error) {
	found, err := s.query("select "+columns+" from runs where id = ?", id)
	if err == nil && len(found) == 0 {
		err = &NoRunError{ID: id}
	}
	if err != nil {
		return Summary{}, err
	}
	return found[0], found[0].damage()
}

func (r Summary) damage() error {
	if r.Status == Damaged {
		return fmt.Errorf("runs: the row of %s in the database can't be read: %s", r.ID, r.Error)
	}
	return nil
}

func (s *Store) query(query string, args ...any) ([]Summary, error) {
	rows, err := s.db.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	defer rows.Close()
	var all []Summary
	for rows.Next() {
		var r Summary
		if err := r.scan(rows); err != nil { // one that can't be read must not hide the others
			r.Status, r.Error = Damaged, oneline.Short(oneline.First(err))
		}
		r.Folder = filepath.Join(s.dir, r.ID)
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	if err := rows.Close(); err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	for i := range all {
		last, err := s.losses("and e.epoch = ?", all[i].ID, all[i].Epoch)
		if err != nil {
			return nil, err
		}
		all[i].Last.Epoch = all[i].Epoch
		if len(last) > 0 {
			all[i].Last = last[0]
		}
		if s.lost(all[i]) {
			all[i].Status = Stopped
		}
	}
	return all, nil
}

// scan reads a row.
func (r *Summary) scan(rows *sql.Rows) (err error) {
	var created, spec, asked, versions, deleted string
	if err := rows.Scan(&r.ID, &r.Key, &created, &r.Status, &spec, &asked, &versions, &r.Epoch, &r.Seconds, &r.PeakBytes,
		&r.Error, &r.Name, &deleted); err != nil {
		return err
	}
	r.deleted = deleted != ""
	r.Created, err = time.Parse(time.RFC3339Nano, created)
	return errors.Join(err, json.Unmarshal([]byte(spec), &r.Spec), json.Unmarshal([]byte(asked), &r.Request),
		json.Unmarshal([]byte(versions), &r.Versions))
}

// lost says whether a run stands otherwise than its row has it: its process died, or its picture is gone.
func (s *Store) lost(r Summary) bool {
	_, err := os.Stat(r.Picture())
	return r.Status == Running && !s.locked(r.ID) || r.Status == Finished && errors.Is(err, fs.ErrNotExist)
}

// byKey returns the ID of the run that sweeps share for a key; "" where there is none. Of several the one that got furthest
// counts.
func (s *Store) byKey(key string) (id string, err error) {
	found, err := s.query("select "+columns+" from runs where key = ? order by epoch, id desc", key)
	for _, r := range found {
		if r.Status == Finished {
			return r.ID, nil
		}
		id = r.ID
	}
	return id, err
}

// Losses returns the records of a run's epochs, in order, as far as they are saved.
func (s *Store) Losses(id string) ([]sl.Record, error) { return s.losses("", id) }

func (s *Store) losses(condition string, args ...any) (all []sl.Record, err error) {
	rows, err := s.db.Query(`select e.epoch, e.total, e.lr, e.seconds, t.term, t.value from epochs e
		left join terms t on t.run = e.run and t.epoch = e.epoch where e.run = ? `+condition+" order by e.epoch, t.place", args...)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r sl.Record
		var term sql.NullString
		var value sql.NullFloat64
		if err := rows.Scan(&r.Epoch, &r.Total, &r.LR, &r.Seconds, &term, &value); err != nil {
			return nil, fmt.Errorf("runs: %w", err)
		}
		if n := len(all); n == 0 || all[n-1].Epoch != r.Epoch {
			all = append(all, r)
		}
		if last := &all[len(all)-1]; term.Valid {
			last.Losses = append(last.Losses, sl.TermLoss{Name: term.String, Value: value.Float64})
		}
	}
	return all, rows.Err()
}
