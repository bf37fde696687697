data/zlib/1.2/u/c/package/id/conaninfo.txt
{}