// Package imagefile reads and writes picture files: formats, orientation, transparency, and what is wrong with a file that
// can't be used. Package stylelib hands its functions on.
package imagefile
