package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

const (
	libraryPath = "stylebook/stylelib"
	qualifier   = "sl" // how notebooks import the library
)

// library is the compiled package that code is cut from.
type library struct {
	pkg     *packages.Package
	decls   map[string]ast.Decl
	files   map[string]*ast.File // by declared name
	sources map[string][]byte    // by file name
}

func loadLibrary(root, path string) (*library, error) {
	config := &packages.Config{Dir: root, Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax |
		packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile}
	found, err := packages.Load(config, path)
	if err != nil {
		return nil, err
	}
	pkg := found[0]
	if len(pkg.Errors) > 0 {
		return nil, fmt.Errorf("%s does not compile: %w", path, pkg.Errors[0])
	}
	l := &library{pkg: pkg, decls: map[string]ast.Decl{}, files: map[string]*ast.File{}, sources: map[string][]byte{}}
	for _, file := range pkg.Syntax {
		name := pkg.Fset.Position(file.Pos()).Filename
		if l.sources[name], err = os.ReadFile(filepath.Clean(name)); err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			for _, declared := range names(decl) {
				l.decls[declared], l.files[declared] = decl, file
			}
		}
	}
	return l, nil
}

// names returns what a declaration declares, a method as Type.Method.
func names(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		if receiver, ok := d.Recv.List[0].Type.(*ast.Ident); ok {
			return []string{receiver.Name + "." + d.Name.Name}
		}
	case *ast.GenDecl:
		var all []string
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				all = append(all, s.Name.Name)
			case *ast.ValueSpec:
				for _, name := range s.Names {
					all = append(all, name.Name)
				}
			}
		}
		return all
	}
	return nil
}

// cutter fills the cells of one notebook.
type cutter struct {
	*library
	declared map[string]bool // by the notebook: used without qualifier
	soFar    map[string]bool // declared in this cell or an earlier one
	imported map[string]bool // import lines that earlier cells have
}

func newCutter(l *library, cells []cell) (*cutter, error) {
	c := &cutter{library: l, declared: map[string]bool{}, soFar: map[string]bool{}, imported: map[string]bool{}}
	for _, cell := range cells {
		for line := range strings.SplitSeq(cell.source, "\n") {
			wanted, ok := included(line)
			if !cell.code || !ok {
				continue
			}
			for _, name := range wanted {
				if l.decls[name] == nil {
					return nil, fmt.Errorf("%s%s: stylelib has no such declaration", includeMark, name)
				}
				for _, declared := range names(l.decls[name]) {
					c.declared[declared] = true
				}
			}
		}
	}
	return c, nil
}

// fill replaces the include lines of a code cell.
func (c *cutter) fill(source string) (string, error) {
	var out []string
	imports := map[string]bool{}
	for line := range strings.SplitSeq(source, "\n") {
		wanted, _ := included(line)
		for _, name := range wanted {
			for _, declared := range names(c.decls[name]) {
				c.soFar[declared] = true
			}
		}
	}
	for line := range strings.SplitSeq(source, "\n") {
		wanted, ok := included(line)
		if !ok {
			out = append(out, line)
			continue
		}
		for i, name := range wanted {
			code, err := c.cut(name, imports)
			if err != nil {
				return "", err
			}
			if i > 0 {
				out = append(out, "")
			}
			out = append(out, code)
		}
	}
	c.remember(source)
	if block := c.importBlock(imports); block != "" {
		out = append([]string{block}, out...)
	}
	return strings.Join(out, "\n"), nil
}

// importBlock returns an import declaration for what no earlier cell has imported, the standard library first.
func (c *cutter) importBlock(imports map[string]bool) string {
	var standard, other []string
	for _, line := range slices.Sorted(maps.Keys(imports)) {
		if c.imported[line] {
			continue
		}
		c.imported[line] = true
		if strings.Contains(line, "/") && (strings.Contains(line, ".") || strings.Contains(line, libraryPath)) {
			other = append(other, "\t"+line)
		} else {
			standard = append(standard, "\t"+line)
		}
	}
	if len(standard) > 0 && len(other) > 0 {
		standard = append(standard, "")
	}
	lines := append(standard, other...)
	switch len(lines) {
	case 0:
		return ""
	case 1:
		return "import " + strings.TrimSpace(lines[0]) + "\n"
	}
	return "import (\n" + strings.Join(lines, "\n") + "\n)\n"
}

var importLine = regexp.MustCompile(`^\s+((?:[\w.]+ )?"[^"]+")$`)

// remember notes the imports that a cell writes itself.
func (c *cutter) remember(source string) {
	for line := range strings.SplitSeq(source, "\n") {
		if match := importLine.FindStringSubmatch(line); match != nil {
			c.imported[match[1]] = true
		}
	}
}

// cut returns a declaration's text with its comment, qualified for the notebook, and adds the imports it needs.
func (c *cutter) cut(name string, imports map[string]bool) (string, error) {
	decl, file := c.decls[name], c.files[name]
	start, end := decl.Pos(), decl.End()
	if doc := docOf(decl); doc != nil {
		start = doc.Pos()
	}
	at := func(pos token.Pos) int { return c.pkg.Fset.Position(pos).Offset }
	source := c.sources[c.pkg.Fset.Position(file.Pos()).Filename]

	var out strings.Builder
	last := at(start)
	var failed error
	ast.Inspect(decl, func(node ast.Node) bool {
		ident, ok := node.(*ast.Ident)
		if !ok {
			return true
		}
		object := c.pkg.TypesInfo.Uses[ident]
		if object == nil || object.Pkg() == nil {
			return true
		}
		if name, isPackage := object.(*types.PkgName); isPackage {
			imports[importOf(name, file)] = true
			return true
		}
		if object.Pkg() != c.pkg.Types {
			c.dotImport(object, file, imports)
			return true
		}
		if object.Parent() != c.pkg.Types.Scope() || c.soFar[ident.Name] {
			return true
		}
		if c.declared[ident.Name] {
			failed = errors.Join(failed, fmt.Errorf("%s%s: it uses %s, which only a later cell declares", includeMark, name, ident.Name))
		}
		if !ident.IsExported() {
			failed = errors.Join(failed, fmt.Errorf("%s%s: it uses %s, which a notebook can't see", includeMark, name, ident.Name))
		}
		imports[fmt.Sprintf("%s %q", qualifier, libraryPath)] = true
		out.Write(source[last:at(ident.Pos())])
		out.WriteString(qualifier + ".")
		last = at(ident.Pos())
		return true
	})
	out.Write(source[last:at(end)])
	return out.String(), failed
}

func docOf(decl ast.Decl) *ast.CommentGroup {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}

func importOf(name *types.PkgName, file *ast.File) string {
	path := name.Imported().Path()
	for _, spec := range file.Imports {
		if spec.Name != nil && spec.Path.Value == strconv.Quote(path) {
			return spec.Name.Name + " " + spec.Path.Value
		}
	}
	return strconv.Quote(path)
}

// dotImport adds the import of a name that the file uses without qualifier because of a dot import.
func (c *cutter) dotImport(object types.Object, file *ast.File, imports map[string]bool) {
	if object.Parent() != object.Pkg().Scope() {
		return
	}
	for _, spec := range file.Imports {
		if spec.Name != nil && spec.Name.Name == "." && spec.Path.Value == strconv.Quote(object.Pkg().Path()) {
			imports[". "+spec.Path.Value] = true
		}
	}
}

// parsed returns a code cell as a Go file. Cells of statements start with %%, the kernel's own commands with % and the
// shell's with !.
func parsed(source string) (*ast.File, error) {
	body, statements := strings.CutPrefix(source, "%%\n")
	lines := strings.Split(body, "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "%") || strings.HasPrefix(line, "!") })
	body = strings.Join(lines, "\n")
	if statements {
		body = "func main() {\n" + body + "\n}"
	}
	return parser.ParseFile(token.NewFileSet(), "cell", "package main\n"+body, 0)
}
