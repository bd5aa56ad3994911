#pragma once
#include <stdio.h>  // jpeglib.h uses FILE without including it
#include <jpeglib.h>
#include <jerror.h>
