// SPDX-License-Identifier: MIT
//
// libstrata for C++17: a std::pmr::memory_resource on a region, and frames that
// end with their scope.
//
//	strata::frame frame;
//	strata::region_resource memory;
//	std::pmr::vector<int> v(&memory);	// gone with the frame
//
// Containers must not outlive the frame that they allocated in.
#ifndef STRATA_HPP
#define STRATA_HPP

#include <cstddef>
#include <memory_resource>
#include <new>

#include <strata.h>

namespace strata {

// Hands out memory of a region, by default of this thread's own. Like a region it
// has one user at a time. Deallocation does nothing: the frame does it.
class region_resource final : public std::pmr::memory_resource {
public:
	// Throws std::bad_alloc for no region, which is what a call that could not
	// make one returned.
	explicit region_resource(strata_region *region = strata_region_thread())
		: region_(region)
	{
		if (!region_)
			throw std::bad_alloc();
	}

	strata_region *region() const noexcept
	{
		return region_;
	}

private:
	strata_region *region_;

	void *do_allocate(std::size_t bytes, std::size_t align) override
	{
		void *p = align <= STRATA_REGION_ALIGN ?
				  strata_region_alloc(region_, bytes) :
				  strata_region_alloc_aligned(region_, bytes, align);

		if (!p)
			throw std::bad_alloc();
		return p;
	}

	void do_deallocate(void *, std::size_t, std::size_t) override
	{
	}

	bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override
	{
		auto *same = dynamic_cast<const region_resource *>(&other);

		return same && same->region_ == region_;
	}
};

// What the region hands out while this lives goes with it.
class frame {
public:
	explicit frame(strata_region *region = strata_region_thread())
		: region_(region)
	{
		if (!region_)
			throw std::bad_alloc();
		mark_ = strata_region_push(region_);
	}

	~frame()
	{
		strata_region_pop(region_, mark_);
	}

	frame(const frame &) = delete;
	frame &operator=(const frame &) = delete;

	strata_region *region() const noexcept
	{
		return region_;
	}

private:
	strata_region *region_;
	strata_mark_t mark_;
};

} // namespace strata

#endif // STRATA_HPP
