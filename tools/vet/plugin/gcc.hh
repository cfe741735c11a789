/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The compiler's headers, in the order that they need. Nothing else includes
 * one; every file of the plugin starts with this.
 */
#ifndef VET_GCC_HH
#define VET_GCC_HH

/* Standard containers first: GCC poisons what they use. */
#include <dirent.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gcc-plugin.h"
#include "plugin-version.h"
#include "tree.h"
#include "calls.h"
#include "basic-block.h"
#include "gimple.h"
#include "gimple-iterator.h"
#include "ssa.h"
#include "tree-pass.h"
#include "context.h"
#include "cfganal.h"
#include "cgraph.h"
#include "ipa-utils.h"
#include "diagnostic.h"
#include "tree-dfa.h"
#include "fold-const.h"
#include "stringpool.h"
#include "attribs.h"
#include "ssa-iterators.h"
#include "langhooks.h"
#include "tree-cfg.h"
#include "tree-phinodes.h"
#include "ssa-iterators.h"
#include "print-tree.h"
#include "internal-fn.h"
#include "builtins.h"

#endif
