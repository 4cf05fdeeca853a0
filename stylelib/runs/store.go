package runs

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	sl "stylebook/stylelib"

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
)

// Record is what the database tells of a run.
type Record struct {
	ID        string            `json:"id"`
	Key       string            `json:"key"`
	Spec      Spec              `json:"spec"`
	Arguments []string          `json:"arguments"` // of the command, with absolute paths
	Versions  map[string]string `json:"versions"`
	Created   time.Time         `json:"created"`
	Status    Status            `json:"status"`
	Epoch     int               `json:"epoch"`      // epochs done, as far as they are saved
	Last      sl.Record         `json:"last"`       // losses of that epoch
	Seconds   float64           `json:"seconds"`    // computed, over all sittings
	PeakBytes int64             `json:"peak_bytes"` // of the process, the most over all sittings; 0 where the system doesn't tell
	Error     string            `json:"error,omitempty"`
	Folder    string            `json:"folder"`
}

// Picture is the path of the run's result; it is there once the run is finished.
func (r Record) Picture() string { return filepath.Join(r.Folder, pictureName) }

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
// $XDG_DATA_HOME, else ~/.local/share.
func DefaultDir() (string, error) {
	if dir := os.Getenv(EnvDir); dir != "" {
		return dir, nil
	}
	if data := os.Getenv("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "stylebook", "runs"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no folder for runs: %w: set %s", err, EnvDir)
	}
	return filepath.Join(home, ".local", "share", "stylebook", "runs"), nil
}

const schema = `
create table if not exists runs (
	id text primary key, key text not null, created text not null, status text not null,
	height integer, width integer, engine text, spec text not null, arguments text not null, versions text not null,
	epoch integer not null default 0, epochs integer not null,
	content real, style real, tv real, total real, lr real,
	seconds real not null default 0, peak_bytes integer not null default 0, error text not null default '');
create index if not exists runs_by_key on runs (key);
create table if not exists losses (
	run text not null references runs (id), epoch integer not null,
	content real not null, style real not null, tv real not null, total real not null, lr real not null, seconds real not null,
	primary key (run, epoch)) without rowid;`

// Open opens the store in a folder, which it makes if need be.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	// The rollback journal works wherever locks do, on network drives too; that of write-ahead logging does not.
	query := url.Values{"_pragma": {"busy_timeout(60000)", "journal_mode(delete)", "foreign_keys(1)"}, "_txlock": {"immediate"}}
	name := (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, databaseName)), RawQuery: query.Encode()}).String()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		db.Close()
		return nil, fmt.Errorf("runs: the database in %s can't be used: %w", dir, err)
	}
	return &Store{dir: dir, db: db}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

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

const columns = `id, key, created, status, spec, arguments, versions, epoch, coalesce(content, 0), coalesce(style, 0),
	coalesce(tv, 0), coalesce(total, 0), coalesce(lr, 0), seconds, peak_bytes, error`

// List returns all runs, the latest first.
func (s *Store) List() ([]Record, error) {
	return s.query("select " + columns + " from runs order by created desc, id")
}

// Find returns the run with an ID, which may be cut short as long as only one run begins so. None is a *[NoRunError].
func (s *Store) Find(id string) (Record, error) {
	found, err := s.query("select "+columns+" from runs where substr(id, 1, length(?1)) = ?1 order by id", id)
	if err != nil {
		return Record{}, err
	}
	missing := &NoRunError{ID: id}
	for _, r := range found {
		if r.ID == id || (len(found) == 1 && id != "") {
			return r, nil
		}
		missing.Found = append(missing.Found, r.ID)
	}
	return Record{}, missing
}

func (s *Store) query(query string, args ...any) ([]Record, error) {
	rows, err := s.db.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	defer rows.Close()
	var all []Record
	for rows.Next() {
		var r Record
		var created, spec, arguments, versions string
		if err := rows.Scan(&r.ID, &r.Key, &created, &r.Status, &spec, &arguments, &versions, &r.Epoch, &r.Last.Content, &r.Last.Style,
			&r.Last.TV, &r.Last.Total, &r.Last.LR, &r.Seconds, &r.PeakBytes, &r.Error); err != nil {
			return nil, fmt.Errorf("runs: %w", err)
		}
		r.Last.Epoch, r.Folder = r.Epoch, filepath.Join(s.dir, r.ID)
		r.Created, err = time.Parse(time.RFC3339Nano, created)
		if err := errors.Join(err, json.Unmarshal([]byte(spec), &r.Spec), json.Unmarshal([]byte(arguments), &r.Arguments),
			json.Unmarshal([]byte(versions), &r.Versions)); err != nil {
			return nil, fmt.Errorf("runs: the row of %s: %w", r.ID, err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	for i := range all {
		if all[i].Status == Running && !s.locked(all[i].ID) {
			all[i].Status = Stopped // its process died
		}
	}
	return all, nil
}

// Losses returns the records of a run's epochs, in order, as far as they are saved.
func (s *Store) Losses(id string) ([]sl.Record, error) {
	rows, err := s.db.Query("select epoch, content, style, tv, total, lr, seconds from losses where run = ? order by epoch", id)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	defer rows.Close()
	var all []sl.Record
	for rows.Next() {
		var r sl.Record
		if err := rows.Scan(&r.Epoch, &r.Content, &r.Style, &r.TV, &r.Total, &r.LR, &r.Seconds); err != nil {
			return nil, fmt.Errorf("runs: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
