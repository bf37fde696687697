// Go's own golang.org/x/mod/semver. Reads lines of two fields, prints what `oakum debug version go` would.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		a, b, _ := strings.Cut(in.Text(), "\t")
		if !semver.IsValid(a) || !semver.IsValid(b) {
			fmt.Println("!")
		} else {
			fmt.Println(string("<=>"[1+semver.Compare(a, b)]))
		}
	}
}
